/*
 * test_image.c - image archives: what is whole is found and written anew, the rest names its entry.
 */
#include "runtime/bundle/image.h"

#include "runtime/base/hash.h"
#include "tests/run.h"
#include "tests/runtime/bundle/make.h"

/* What a case does otherwise than it should. */
struct odd {
	const char *why; /* what the refusal says; NULL: it is fine */
	bool oci, packed, two, no_config, no_layer, wrong_diff, wrong_name, wrong_blob, wrong_size,
	    more_layers, not_linux, no_manifest, not_json, nested, twice_nested, platforms, linked,
	    bad_link, attested;
};

struct made {
	char layer[HASH_HEX_MAX], diff[HASH_HEX_MAX], config[HASH_HEX_MAX], manifest[HASH_HEX_MAX];
	struct buf layer_bytes, config_text;
};

static void
make_layer(const struct odd *o, struct made *m)
{
	_cleanup_buf_ struct buf tar = { 0 };

	tar_file(&tar, "etc/hostname", "box\n");
	tar_add(&tar, &(struct tar_head){ .name = "dev/null", .type = '3' }, "",
	    0); /* the engine's to judge */
	tar_end(&tar);
	hash_sha256_hex(tar.data, tar.len, m->diff);
	if (o->packed)
		gzip(tar.data, tar.len, &m->layer_bytes);
	else
		buf_add(&m->layer_bytes, tar.data, tar.len);
	hash_sha256_hex(m->layer_bytes.data, m->layer_bytes.len, m->layer);
	if (o->wrong_diff)
		m->diff[0] = m->diff[0] == '0' ? '1' : '0';
	buf_printf(&m->config_text,
	    "{\"architecture\":\"amd64\",\"os\":\"%s\",\"config\":{\"Cmd\":[\"/"
	    "x\"]},\"rootfs\":{\"type\":"
	    "\"layers\",\"diff_ids\":[\"sha256:%s\"%s%s%s]}}",
	    o->not_linux ? "plan9" : "linux", m->diff,
	    o->more_layers || o->linked ? ",\"sha256:" : "",
	    o->more_layers || o->linked ? m->diff : "", o->more_layers || o->linked ? "\"" : "");
	hash_sha256_hex(m->config_text.data, m->config_text.len, m->config);
}

static void
add_file(struct buf *out, const char *name, const struct buf *bytes)
{
	tar_add(out, &(struct tar_head){ .name = name }, bytes->data, bytes->len);
}

static void
make_saved(const struct odd *o, const struct made *m, struct buf *out)
{
	_cleanup_buf_ struct buf manifest = { 0 };
	_cleanup_free_ char *config =
	    str_printf("%s%s.json", o->wrong_name ? "00" : "", m->config + (o->wrong_name ? 2 : 0));
	_cleanup_free_ char *layer = str_printf("%s/layer.tar", m->config);
	_cleanup_free_ char *other = str_printf("%s/layer.tar", m->layer);
	_cleanup_free_ char *link = str_printf("../%s", o->bad_link ? "../../etc/passwd" : layer);

	buf_printf(&manifest, "[{\"Config\":\"%s\",\"RepoTags\":null,\"Layers\":[\"%s\"%s%s%s]}%s]",
	    config, layer, o->linked ? ",\"" : "", o->linked ? other : "", o->linked ? "\"" : "",
	    o->two ? ",{\"Config\":\"x\",\"Layers\":[]}" : "");
	if (!o->no_layer)
		add_file(out, layer, &m->layer_bytes);
	if (o->linked)
		tar_add(out, &(struct tar_head){ .name = other, .type = '2', .link = link }, "", 0);
	if (!o->no_config)
		add_file(out, config, &m->config_text);
	if (o->not_json)
		tar_file(out, "manifest.json", "hello");
	else if (!o->no_manifest)
		add_file(out, "manifest.json", &manifest);
	tar_file(out, "repositories", "{}");
}

static void
blob_name(char out[80], const char *digest)
{
	snprintf(out, 80, "blobs/sha256/%s", digest);
}

static void
make_layout(const struct odd *o, struct made *m, struct buf *out)
{
	_cleanup_buf_ struct buf manifest = { 0 }, index = { 0 }, top = { 0 };
	char name[80], digest[HASH_HEX_MAX];

	buf_printf(&manifest,
	    "{\"schemaVersion\":2,\"config\":{\"digest\":\"sha256:%s\",\"size\":%zu},\"layers\":[{"
	    "\"digest\":\"sha256:%s\",\"size\":%zu}]}",
	    m->config, m->config_text.len, m->layer, m->layer_bytes.len + o->wrong_size);
	hash_sha256_hex(manifest.data, manifest.len, m->manifest);
	const char *one =
	    "{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":"
	    "\"sha256:%s\",\"platform\":{\"architecture\":\"%s\",\"os\":\"linux\"}}";
	buf_add_str(&index, "{\"schemaVersion\":2,\"manifests\":[");
	buf_printf(&index, one, m->manifest, "amd64");
	if (o->platforms) {
		buf_add_char(&index, ',');
		buf_printf(&index, one, m->manifest, "arm64");
	}
	if (o->attested) {
		buf_add_char(&index, ',');
		buf_printf(&index, one, m->layer, "unknown");
	}
	buf_add_str(&index, "]}");
	tar_file(out, "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}");
	blob_name(name, m->config);
	if (!o->no_config)
		add_file(out, name, &m->config_text);
	if (o->wrong_blob)
		buf_add_char(&m->layer_bytes, 'x');
	blob_name(name, m->layer);
	if (!o->no_layer)
		add_file(out, name, &m->layer_bytes);
	blob_name(name, m->manifest);
	add_file(out, name, &manifest);
	for (int i = 0; i < o->nested + 2 * o->twice_nested; i++) {
		hash_sha256_hex(index.data, index.len, digest);
		blob_name(name, digest);
		add_file(out, name, &index);
		buf_clear(&index);
		buf_printf(&index,
		    "{\"manifests\":[{\"mediaType\":\"application/vnd.oci.image.index.v1+json\","
		    "\"digest\":\"sha256:%s\"}]}",
		    digest);
	}
	if (o->not_json)
		tar_file(out, "index.json", "hello");
	else if (!o->no_manifest)
		add_file(out, "index.json", &index);
}

static void
make_image(const struct odd *o, struct made *m, struct buf *out)
{
	make_layer(o, m);
	if (o->oci)
		make_layout(o, m, out);
	else
		make_saved(o, m, out);
	tar_end(out);
}

static void
made_done(struct made *m)
{
	buf_done(&m->layer_bytes);
	buf_done(&m->config_text);
}

static const struct odd odds[] = {
	{ .why = NULL },
	{ .packed = true },
	{ .linked = true },
	{ .oci = true },
	{ .oci = true, .packed = true },
	{ .oci = true, .nested = true },
	{ .oci = true, .attested = true },
	/* [E13] what is wrong, and which entry says so */
	{ "entry 'manifest.json': it must name exactly one image", .two = true },
	{ ".json', which is not there", .no_config = true },
	{ "layer.tar', which is not there", .no_layer = true },
	{ "layer.tar': its content has another digest", .wrong_diff = true },
	{ "its name is not its digest", .wrong_name = true },
	{ "another number of layers", .more_layers = true },
	{ "'os' and 'architecture'", .not_linux = true },
	{ "no image is in it", .no_manifest = true },
	{ "entry 'manifest.json': too large, or not JSON", .not_json = true },
	{ "a symbolic link", .linked = true, .bad_link = true },
	{ "which is not there", .oci = true, .no_config = true },
	{ "which is not there", .oci = true, .no_layer = true },
	{ "its content has another digest than the configuration", .oci = true, .packed = true,
	    .wrong_diff = true },
	{ "another digest than its name", .oci = true, .wrong_blob = true },
	{ "another size than its descriptor", .oci = true, .wrong_size = true },
	{ "no image is in it", .oci = true, .no_manifest = true },
	{ "entry 'index.json': too large, or not JSON", .oci = true, .not_json = true },
	{ "exactly one image, for one platform", .oci = true, .platforms = true },
	{ "an index within an index", .oci = true, .twice_nested = true },
};

static int
to_buf(const void *bytes, size_t len, void *arg, struct error *err)
{
	(void)err;
	buf_add(arg, bytes, len);
	return 0;
}

START_TEST(test_odds) /* [E13] each damage of an image archive names its entry */
{
	const struct odd *o = &odds[_i];
	_cleanup_buf_ struct buf b = { 0 }, again = { 0 };
	struct made m = { 0 };
	struct image_archive found = { 0 }, second = { 0 };
	struct error err = { 0 };

	make_image(o, &m, &b);
	_cleanup_close_ int fd = file_of(b.data, b.len);
	const int rc = image_archive_read(fd, 1 << 20, &found, &err);
	if (o->why != NULL) {
		ck_assert_int_eq(rc, -1);
		ck_assert_int_eq(err.kind, ERROR_INVALID);
		ck_assert_msg(
		    strstr(err.text, o->why) != NULL, "'%s' is not in '%s'", o->why, err.text);
		made_done(&m);
		return;
	}
	ck_assert_msg(rc == 0, "%s", err.text);
	ck_assert_str_eq(found.id + 7, m.config);
	ck_assert_str_eq(found.arch, "amd64");
	ck_assert_uint_eq(found.nlayers, o->linked ? 2 : 1);
	ck_assert_str_eq(found.layers[0].digest + 7, m.diff);
	ck_assert_msg(image_archive_write(fd, &found, "localhost/x:1", to_buf, &again, &err) == 0,
	    "%s", err.text);
	_cleanup_close_ int fd2 = file_of(again.data, again.len);
	ck_assert_msg(image_archive_read(fd2, 1 << 20, &second, &err) == 0, "%s", err.text);
	ck_assert_str_eq(second.id, found.id);
	ck_assert_str_eq(second.layers[0].digest, found.layers[0].digest);
	ck_assert_ptr_nonnull(
	    memmem(again.data, again.len, "\"RepoTags\":[\"localhost/x:1\"]", 28));
	ck_assert_ptr_null(memmem(again.data, again.len, "repositories", 12));
	image_archive_done(&found);
	image_archive_done(&second);
	made_done(&m);
}
END_TEST

START_TEST(test_cut) /* [E13] cut off at every byte */
{
	const struct odd o = { .oci = true };
	_cleanup_buf_ struct buf b = { 0 };
	struct made m = { 0 };

	make_image(&o, &m, &b);
	for (size_t i = 0; i < b.len; i += i % 512 == 3 ? 505 : 1) {
		struct image_archive found = { 0 };
		struct error err = { 0 };
		_cleanup_close_ int fd = file_of(b.data, i);

		ck_assert_int_eq(image_archive_read(fd, 1 << 20, &found, &err), -1);
		ck_assert_uint_gt(strlen(err.text), 0);
	}
	made_done(&m);
}
END_TEST

START_TEST(test_too_large) /* [E08] a layer that unpacks to far more */
{
	_cleanup_buf_ struct buf b = { 0 }, layer = { 0 };
	_cleanup_free_ char *zeros = mem_zalloc(8 << 20);
	struct image_archive found = { 0 };
	struct error err = { 0 };

	gzip(zeros, 8 << 20, &layer);
	add_file(&b, "bomb/layer.tar", &layer);
	tar_end(&b);
	_cleanup_close_ int fd = file_of(b.data, b.len);
	ck_assert_int_eq(image_archive_read(fd, 1 << 30, &found, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_TOO_BIG);
	ck_assert_ptr_nonnull(strstr(err.text, "entry 'bomb/layer.tar'"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("image archives");
	TCase *t = tcase_create("image");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, test_odds, 0, (int)ARRAY_LEN(odds));
	tcase_add_test(t, test_cut);
	tcase_add_test(t, test_too_large);
	suite_add_tcase(s, t);
	return run_suite(s);
}
