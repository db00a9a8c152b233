/*
 * sealed.c - files to one text, sealed; a digest with a salt; and all of that back.
 */
#include "bench/record/sealed.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/base64.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/hash.h"
#include "runtime/base/json.h"
#include "runtime/base/seal.h"
#include "runtime/base/str.h"

#define SALT_BYTES 32
#define KEY_FILE_MAX 4096
#define COMMIT_MAX (64 << 10)
#define PLAIN_MAX (60U << 20) /* what seal_text takes, and room for its own */
#define SEALED_MAX ((size_t)128 << 20)

/* A key is not left behind in freed memory. */
static void
secretp(char **s)
{
	if (*s != NULL)
		explicit_bzero(*s, strlen(*s));
	free(*s);
}
#define _cleanup_secret_ _cleanup_(secretp)

/* ---- where it is ---- */

static const char *
given(const char *value, const char *variable)
{
	if (value == NULL)
		value = getenv(variable);
	return value != NULL && *value != '\0' ? value : NULL;
}

int
sealed_place(const char *dir, const char *key_file, struct sealed_place *out, struct error *err)
{
	const struct sealed_place p = { .dir = given(dir, "JANUS_BENCH_PRIVATE_DIR"),
		.key_file = given(key_file, "JANUS_BENCH_PRIVATE_KEY_FILE") };

	if (p.dir == NULL)
		return error_set(err, ERROR_NOT_FOUND,
		    SEALED_NAME " is not configured: JANUS_BENCH_PRIVATE_DIR names no directory");
	if (p.key_file == NULL)
		return error_set(err, ERROR_NOT_FOUND,
		    SEALED_NAME
		    " is not configured: no --private-key-file, no JANUS_BENCH_PRIVATE_KEY_FILE");
	if (!sealed_is(p.dir))
		return error_set(err, ERROR_NOT_FOUND,
		    SEALED_NAME " is not configured: there is no " SEALED_FILE " in %.120s", p.dir);
	if (access(p.key_file, F_OK) < 0)
		return error_set(err, ERROR_NOT_FOUND,
		    SEALED_NAME " is not configured: there is no key file %.120s", p.key_file);
	*out = p;
	return 0;
}

bool
sealed_is(const char *dir)
{
	_cleanup_free_ char *path = str_printf("%s/" SEALED_FILE, dir);

	return access(path, F_OK) == 0;
}

/* Is path, however it is written, below dir? */
static bool
lies_below(const char *path, const char *dir)
{
	char p[PATH_MAX], d[PATH_MAX];

	if (realpath(path, p) == NULL || realpath(dir, d) == NULL)
		return false;
	const size_t n = strlen(d);
	return strncmp(p, d, n) == 0 && p[n] == '/';
}

int
sealed_key_read(const char *key_file, const char *dir, char **out, struct error *err)
{
	_cleanup_secret_ char *text = NULL;
	struct stat st;
	size_t len;

	if (stat(key_file, &st) < 0)
		return error_errno(err, "%s", key_file);
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return error_set(
		    err, ERROR_DENIED, "%.120s: others may read it; chmod 600", key_file);
	if (dir != NULL && lies_below(key_file, dir))
		return error_set(err, ERROR_INVALID,
		    "%.120s lies beside what it opens; keep the key elsewhere", key_file);
	if (file_read(key_file, KEY_FILE_MAX, &text, &len, err) < 0)
		return -1;
	while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL)
		text[--len] = '\0';
	if (len < SEALED_KEY_MIN || strlen(text) != len || strpbrk(text, "\r\n") != NULL)
		return error_set(err, ERROR_INVALID,
		    "%.120s: one line of %d random characters or more (head -c 32 /dev/urandom | "
		    "base64)",
		    key_file, SEALED_KEY_MIN);
	*out = TAKE(text);
	return 0;
}

/* ---- digests ---- */

/* What is committed to: the files' digest and the salt, which nobody can guess. */
static void
committed(const char *salt, const char *suite_digest, char out[SUITE_DIGEST_MAX])
{
	_cleanup_free_ char *text =
	    str_printf("janus suite commitment\n%s\n%s\n", salt, suite_digest);
	char hex[HASH_HEX_MAX];

	hash_sha256_hex(text, strlen(text), hex);
	snprintf(out, SUITE_DIGEST_MAX, "sha256:%s", hex);
}

static void
new_salt(char out[2 * SALT_BYTES + 1])
{
	unsigned char bytes[SALT_BYTES];

	hash_random(bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

/* ---- files to a text, and back ---- */

static char *
pack(const struct suite_files *files, const char *salt)
{
	_cleanup_json_ cJSON *json = cJSON_CreateObject();
	cJSON *list;

	json_add_str(json, "salt", salt);
	list = json_add_arr(json, "files");
	for (size_t i = 0; i < files->len; i++) {
		const struct suite_file *f = &files->at[i];
		_cleanup_buf_ struct buf text = { 0 };
		cJSON *one = cJSON_CreateObject();

		base64_add(&text, buf_str(&f->bytes), f->bytes.len);
		json_add_str(one, "name", f->name);
		json_add_str(one, "base64", buf_str(&text));
		cJSON_AddItemToArray(list, one);
	}
	return json_print(json);
}

static int
unpack(const struct buf *plain, struct suite_files *out, char **salt, struct error *err)
{
	_cleanup_json_ cJSON *json = NULL;
	const cJSON *one;

	if (json_parse(buf_str(plain), plain->len, &json, err) < 0)
		return -1;
	if (json_str(json, "salt") == NULL)
		return error_set(err, ERROR_INVALID, "there is no salt in it");
	json_for_each(one, json_get(json, "files")) {
		const char *name = json_str(one, "name"), *text = json_str(one, "base64");
		_cleanup_buf_ struct buf bytes = { 0 };

		if (name == NULL || text == NULL || base64_decode(&bytes, text, strlen(text)) < 0)
			return error_set(err, ERROR_INVALID, "a file in it is none");
		if (suite_files_add(out, name, &bytes, err) < 0)
			return -1;
	}
	*salt = str_dup(json_str(json, "salt"));
	return 0;
}

/* ---- sealing ---- */

static cJSON *
make_commit(const struct suite *s, const char *salt)
{
	cJSON *json = cJSON_CreateObject();
	char digest[SUITE_DIGEST_MAX], hex[HASH_HEX_MAX];

	committed(salt, s->digest, digest);
	json_add_str(json, "object", "commit");
	json_add_str(json, "name", s->name);
	json_add_str(json, "version", s->version);
	json_add_str(json, "scoring", s->scoring);
	json_add_str(json, "digest", digest);
	json_add_str(json, "salt_sha256", hash_sha256_hex(salt, strlen(salt), hex));
	json_add_int(json, "items", (int64_t)s->len);
	return json;
}

static int
write_both(const char *to, const char *sealed, const cJSON *commit, struct error *err)
{
	_cleanup_free_ char *file = str_printf("%s/" SEALED_FILE, to);
	_cleanup_free_ char *about = str_printf("%s/" SEALED_COMMIT, to);
	_cleanup_free_ char *printed = json_print(commit);
	_cleanup_free_ char *text = str_printf("%s\n", printed);

	if (file_mkdirs(to, 0700, err) < 0)
		return -1;
	if (sealed_is(to))
		return error_set(err, ERROR_CONFLICT,
		    "%.120s: a suite is sealed there; what was committed to is not replaced", to);
	if (file_write(about, text, strlen(text), 0644, err) < 0)
		return -1;
	return file_write(file, sealed, strlen(sealed), 0600, err);
}

int
sealed_seal(const char *from, const char *key, const char *to, suite_check_fn *check,
    cJSON **commit, struct error *err)
{
	_cleanup_(suite_done) struct suite s = { 0 };
	_cleanup_secret_ char *plain = NULL;
	_cleanup_free_ char *sealed = NULL;
	_cleanup_json_ cJSON *json = NULL;
	char salt[2 * SALT_BYTES + 1];

	if (suite_load(from, check, &s, err) < 0)
		return -1;
	new_salt(salt);
	plain = pack(&s.files, salt);
	if (strlen(plain) > PLAIN_MAX)
		return error_set(err, ERROR_TOO_BIG, "%.120s: too much for one sealed file", from);
	sealed = seal_text(key, plain, strlen(plain));
	json = make_commit(&s, salt);
	if (write_both(to, sealed, json, err) < 0)
		return -1;
	if (commit != NULL)
		*commit = TAKE(json);
	return 0;
}

/* ---- opening ---- */

struct opened {
	struct suite_files files;
	char *salt;
	cJSON *commit;
};

static void
opened_done(struct opened *o)
{
	suite_files_done(&o->files);
	free(o->salt);
	cJSON_Delete(o->commit);
}

static int
read_commit(const char *dir, cJSON **out, struct error *err)
{
	_cleanup_free_ char *path = str_printf("%s/" SEALED_COMMIT, dir), *text = NULL;
	size_t len;

	if (file_read(path, COMMIT_MAX, &text, &len, err) < 0)
		return -1;
	while (len > 0 && text[len - 1] == '\n')
		len--;
	if (json_parse(text, len, out, err) < 0)
		return error_add(err, SEALED_COMMIT);
	return 0;
}

/* Are the files those that were committed to? */
static int
check_commit(const struct opened *o, struct error *err)
{
	char plain[SUITE_DIGEST_MAX], digest[SUITE_DIGEST_MAX];

	suite_files_digest(&o->files, plain);
	committed(o->salt, plain, digest);
	if (!str_eq(json_str(o->commit, "digest"), digest))
		return error_set(err, ERROR_INVALID,
		    SEALED_COMMIT ": it commits to another suite than the one in " SEALED_FILE);
	return 0;
}

static int
open_files(const char *dir, const char *key, struct opened *o, struct error *err)
{
	_cleanup_free_ char *path = str_printf("%s/" SEALED_FILE, dir), *text = NULL;
	_cleanup_buf_ struct buf plain = { 0 };
	size_t len;

	if (!sealed_is(dir))
		return error_set(err, ERROR_NOT_FOUND, "%.120s: there is no " SEALED_FILE, dir);
	if (file_read(path, SEALED_MAX, &text, &len, err) < 0)
		return -1;
	while (len > 0 && text[len - 1] == '\n')
		text[--len] = '\0';
	if (seal_open(key, text, &plain) < 0)
		return error_set(
		    err, ERROR_DENIED, SEALED_FILE ": sealed with another key, or changed since");
	const int rc = unpack(&plain, &o->files, &o->salt, err);
	explicit_bzero(plain.data, plain.len);
	if (rc < 0)
		return error_add(err, SEALED_FILE);
	if (read_commit(dir, &o->commit, err) < 0)
		return -1;
	return check_commit(o, err);
}

int
sealed_load(
    const char *dir, const char *key, suite_check_fn *check, struct suite *out, struct error *err)
{
	_cleanup_(opened_done) struct opened o = { 0 };
	struct suite s;

	if (open_files(dir, key, &o, err) < 0 || suite_of_files(&o.files, check, &s, err) < 0)
		return -1;
	str_copy(s.digest, sizeof(s.digest), json_str(o.commit, "digest"));
	*out = s;
	return 0;
}

/* ---- the reveal ---- */

int
sealed_reveal(const char *dir, const char *key, cJSON **out, struct error *err)
{
	_cleanup_(opened_done) struct opened o = { 0 };
	char plain[SUITE_DIGEST_MAX];
	cJSON *json;

	if (open_files(dir, key, &o, err) < 0)
		return -1;
	suite_files_digest(&o.files, plain);
	json = cJSON_CreateObject();
	json_add_str(json, "object", "reveal");
	json_add_str(json, "name", json_str(o.commit, "name"));
	json_add_str(json, "digest", json_str(o.commit, "digest"));
	json_add_str(json, "salt", o.salt);
	json_add_str(json, "suite_digest", plain);
	json_add_int(json, "items", json_int(o.commit, "items", 0));
	*out = json;
	return 0;
}

int
sealed_reveal_check(
    const cJSON *commit, const cJSON *reveal, const char *suite_digest, struct error *err)
{
	const char *salt = json_str(reveal, "salt"), *plain = json_str(reveal, "suite_digest");
	char digest[SUITE_DIGEST_MAX], hex[HASH_HEX_MAX];

	if (salt == NULL || plain == NULL)
		return error_set(err, ERROR_INVALID, "the reveal has no salt or no suite_digest");
	if (!str_eq(json_str(commit, "salt_sha256"), hash_sha256_hex(salt, strlen(salt), hex)))
		return error_set(
		    err, ERROR_INVALID, "the salt is not the one that was committed to");
	committed(salt, plain, digest);
	if (!str_eq(json_str(commit, "digest"), digest))
		return error_set(err, ERROR_INVALID,
		    "salt and suite do not give the digest that was committed to");
	if (suite_digest != NULL && strcmp(suite_digest, plain) != 0)
		return error_set(err, ERROR_INVALID, "the suite is not the one that is revealed");
	return 0;
}
