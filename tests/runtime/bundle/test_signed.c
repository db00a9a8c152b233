/*
 * test_signed.c - a signed bundle is believed whole, or not at all.
 */
#include "runtime/bundle/signed.h"

#include "runtime/base/hash.h"
#include "runtime/base/json.h"
#include "runtime/bundle/signed_stream.h"
#include "tests/run.h"
#include "tests/runtime/bundle/make.h"

static struct ed25519_key *key, *other;

static int
to_buf(const void *bytes, size_t len, void *arg, struct error *err)
{
	(void)err;
	buf_add(arg, bytes, len);
	return 0;
}

/* What a case does otherwise. */
enum odd { FINE, ALTERED, LONGER, MISSING, MORE, ORDER, MANIFEST, FORGED };

static void
make(enum bundle_format format, enum odd odd, struct buf *out)
{
	static const char *const names[] = { "files/a", "files/b" };
	_cleanup_bundle_writer_ struct bundle_writer *w = bundle_writer_new(format, to_buf, out);
	_cleanup_json_ cJSON *manifest = signed_manifest("test", 1000);
	struct error err = { 0 };
	char hash[HASH_HEX_MAX];

	for (size_t i = 0; i < 2; i++)
		signed_add(manifest, names[i], 5, hash_sha256_hex("hello", 5, hash));
	ck_assert_int_eq(signed_begin(w, manifest, odd == FORGED ? other : key, &err), 0);
	for (size_t i = 0; i < 2; i++) {
		const char *text = odd == ALTERED && i == 1 ? "jello"
		    : odd == LONGER                         ? "hello!"
							    : "hello";

		if (odd == MISSING && i == 1)
			break;
		ck_assert_int_eq(
		    bundle_add_bytes(w, names[odd == ORDER ? 1 - i : i], text, strlen(text), &err),
		    0);
	}
	if (odd == MORE)
		ck_assert_int_eq(bundle_add_bytes(w, "files/c", "x", 1, &err), 0);
	ck_assert_int_eq(bundle_end(w, &err), 0);
	if (odd == MANIFEST) { /* in a tar its text is as it is */
		char *at = memmem(out->data, out->len, "\"kind\":\"test\"", 13);

		ck_assert_ptr_nonnull(at);
		at[9] = 'p';
	}
}

static const struct {
	enum odd odd;
	enum error_kind kind;
	const char *why;
} cases[] = {
	{ FINE, ERROR_NONE, "" },
	{ ALTERED, ERROR_INVALID, "entry 'files/b': not what the manifest says" },
	{ LONGER, ERROR_INVALID, "entry 'files/a': not what the manifest says" },
	{ MISSING, ERROR_INVALID, "entry 'files/b' of the manifest" },
	{ MORE, ERROR_INVALID, "entry 'files/c': the manifest does not know it" },
	{ ORDER, ERROR_INVALID, "entry 'files/a' of the manifest" },
	{ MANIFEST, ERROR_CONFLICT, "the signature is not of this manifest" },
	{ FORGED, ERROR_CONFLICT, "it is signed by ed25519:" },
};

START_TEST(test_cases) /* what was changed, taken away, added or signed by somebody else is found */
{
	_cleanup_buf_ struct buf b = { 0 };
	struct signed_bundle found = { 0 };
	struct error err = { 0 };
	char public_key[ED25519_PUBLIC_MAX];

	make(BUNDLE_TAR, cases[_i].odd, &b);
	_cleanup_close_ int fd = file_of(b.data, b.len);
	const int rc = signed_read(
	    fd, &bundle_limits_default, ed25519_public(key, public_key), NULL, NULL, &found, &err);
	ck_assert_int_eq(rc, cases[_i].kind == ERROR_NONE ? 0 : -1);
	ck_assert_msg(rc == 0 || err.kind == cases[_i].kind, "%s", err.text);
	ck_assert_msg(rc == 0 || strstr(err.text, cases[_i].why) != NULL, "%s", err.text);
	if (rc == 0) {
		ck_assert_int_eq(found.files, 2);
		ck_assert_int_eq(found.bytes, 10);
		ck_assert_str_eq(found.public_key, public_key);
		ck_assert_str_eq(json_str(found.manifest, "kind"), "test");
		ck_assert(signed_names(found.manifest, "files/b", "hello", 5));
		ck_assert(!signed_names(found.manifest, "files/b", "jello", 5));
		ck_assert(!signed_names(found.manifest, "files/c", "hello", 5));
	}
	signed_bundle_done(&found);
}
END_TEST

START_TEST(test_formats) /* in every format; each byte of it changed is found, or changes nothing */
{
	static const enum bundle_format formats[] = { BUNDLE_TAR, BUNDLE_TAR_GZ, BUNDLE_ZIP };
	_cleanup_buf_ struct buf b = { 0 };

	make(formats[_i], FINE, &b);
	for (size_t i = 0; i <= b.len; i++) {
		struct signed_bundle found = { 0 };
		struct error err = { 0 };

		if (i < b.len)
			b.data[i] ^= 0x20;
		_cleanup_close_ int fd = file_of(b.data, b.len);
		const int rc =
		    signed_read(fd, &bundle_limits_default, NULL, NULL, NULL, &found, &err);
		ck_assert(i < b.len || rc == 0);
		ck_assert(rc < 0 ||
		    (found.files == 2 && str_eq(json_str(found.manifest, "kind"), "test")));
		signed_bundle_done(&found);
		if (i < b.len)
			b.data[i] ^= 0x20;
	}
}
END_TEST

START_TEST(test_texts) /* its two first texts hold alone, wherever they are kept */
{
	_cleanup_buf_ struct buf b = { 0 };
	_cleanup_json_ cJSON *manifest = NULL;
	struct signed_bundle found = { 0 };
	struct error err = { 0 };
	char signer[ED25519_PUBLIC_MAX];

	make(BUNDLE_TAR, FINE, &b);
	_cleanup_close_ int fd = file_of(b.data, b.len);
	ck_assert_int_eq(
	    signed_read(fd, &bundle_limits_default, NULL, NULL, NULL, &found, &err), 0);
	ck_assert_int_eq(signed_check(found.text, strlen(found.text), found.seal,
			     strlen(found.seal), NULL, &manifest, signer, &err),
	    0);
	ck_assert_str_eq(signer, found.public_key);
	ck_assert_str_eq(json_str(manifest, "kind"), "test");
	found.text[strlen(found.text) - 1] = ' ';
	ck_assert_int_eq(signed_check(found.text, strlen(found.text), found.seal,
			     strlen(found.seal), NULL, &manifest, signer, &err),
	    -1);
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	signed_bundle_done(&found);
}
END_TEST

static int
open_part(size_t i, void *arg, struct error *err)
{
	const struct buf *parts = arg;

	if (parts[i].len == 1)
		return error_set(err, ERROR_NOT_FOUND, "it has gone");
	return file_of(buf_str(&parts[i]), parts[i].len);
}

/* All of a stream of two files, in pieces of at least that many bytes. */
static int
stream(enum bundle_format format, struct buf parts[2], const char *said, size_t enough,
    struct buf *out, struct error *err)
{
	cJSON *manifest = signed_manifest("test", 1000);
	char hash[HASH_HEX_MAX];
	int rc;

	hash_sha256_hex(parts[0].data, parts[0].len, hash);
	signed_add(manifest, "files/a", (int64_t)parts[0].len, hash);
	signed_add(
	    manifest, "files/b", (int64_t)strlen(said), hash_sha256_hex(said, strlen(said), hash));
	struct signed_stream *s = signed_stream_new(format, manifest, key, open_part, parts);
	for (size_t before = 0; (rc = signed_stream_more(s, out, enough, err)) > 0;
	     before = out->len)
		ck_assert_uint_ge(out->len - before, enough);
	signed_stream_free(s);
	return rc;
}

START_TEST(test_stream) /* in pieces, it is what a reader takes; what has changed ends it */
{
	static const enum bundle_format formats[] = { BUNDLE_TAR, BUNDLE_TAR_GZ, BUNDLE_ZIP };
	struct buf parts[2] = { { 0 }, { 0 } };
	_cleanup_buf_ struct buf out = { 0 };
	struct signed_bundle found = { 0 };
	struct error err = { 0 };

	for (int i = 0; i < 100000; i++)
		buf_printf(&parts[0], "%d %d", i, i * 7919 % 1009);
	buf_add_str(&parts[1], "hello");
	ck_assert_msg(stream(formats[_i], parts, "hello", 4096, &out, &err) == 0, "%s", err.text);
	_cleanup_close_ int fd = file_of(out.data, out.len);
	ck_assert_msg(signed_read(fd, &bundle_limits_default, NULL, NULL, NULL, &found, &err) == 0,
	    "%s", err.text);
	ck_assert_int_eq(found.files, 2);
	ck_assert_int_eq(found.bytes, (int64_t)parts[0].len + 5);
	signed_bundle_done(&found);
	ck_assert_int_eq(stream(formats[_i], parts, "jello", 4096, &out, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_INTERNAL);
	ck_assert_str_eq(err.text, "files/b is not what it was");
	ck_assert_int_eq(stream(formats[_i], parts, "hello!", 4096, &out, &err), -1);
	ck_assert_str_eq(err.text, "files/b is shorter than it was");
	buf_clear(&parts[1]);
	buf_add_str(&parts[1], "x");
	ck_assert_int_eq(stream(formats[_i], parts, "hello", 4096, &out, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	buf_done(&parts[0]);
	buf_done(&parts[1]);
}
END_TEST

START_TEST(test_key) /* made once, kept for its owner alone, and the same ever after */
{
	char place[] = "/tmp/bundle.XXXXXX", one[ED25519_PUBLIC_MAX], two[ED25519_PUBLIC_MAX];
	char signature[ED25519_SIGNATURE_MAX];
	struct error err = { 0 };
	struct stat st;

	ck_assert_ptr_nonnull(mkdtemp(place));
	_cleanup_free_ char *path = str_printf("%s/key", place);
	struct ed25519_key *first = ed25519_open(path, &err), *again = ed25519_open(path, &err);
	ck_assert(first != NULL && again != NULL);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	ck_assert_str_eq(ed25519_public(first, one), ed25519_public(again, two));
	ed25519_sign(first, "text", 4, signature);
	ck_assert(ed25519_verify(one, signature, "text", 4));
	ck_assert(!ed25519_verify(one, signature, "texT", 4));
	ck_assert(!ed25519_verify("ed25519:00", signature, "text", 4));
	ck_assert(!ed25519_verify(one, "00", "text", 4));
	signature[0] = signature[0] == '0' ? '1' : '0';
	ck_assert(!ed25519_verify(one, signature, "text", 4));
	ck_assert_int_eq(truncate(path, 10), 0);
	ck_assert_ptr_null(ed25519_open(path, &err));
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, "64 hex digits"));
	ed25519_free(first);
	ed25519_free(again);
	_cleanup_free_ char *rm = str_printf("rm -rf %s", place);
	ck_assert_int_eq(system(rm), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("signed bundles");
	TCase *t = tcase_create("signed");
	struct error err = { 0 };
	char place[] = "/tmp/bundle.XXXXXX";

	if (mkdtemp(place) == NULL)
		return 1;
	_cleanup_free_ char *one = str_printf("%s/one", place), *two = str_printf("%s/two", place);
	key = ed25519_open(one, &err);
	other = ed25519_open(two, &err);
	_cleanup_free_ char *rm = str_printf("rm -rf %s", place);
	if (key == NULL || other == NULL || system(rm) != 0)
		return 1;
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, test_cases, 0, (int)ARRAY_LEN(cases));
	tcase_add_test(t, test_texts);
	tcase_add_loop_test(t, test_formats, 0, 3);
	tcase_add_loop_test(t, test_stream, 0, 3);
	tcase_add_test(t, test_key);
	suite_add_tcase(s, t);
	const int failed = run_suite(s);
	ed25519_free(key);
	ed25519_free(other);
	return failed;
}
