/*
 * signed.c - a manifest, a signature over it, and the files it speaks of.
 */
#include "runtime/bundle/signed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/hash.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/bundle/name.h"

#define MANIFEST "manifest.json"
#define SIGNATURE "signature.json"
#define TEXT_MAX ((size_t)8 << 20)

/* ---- writing ---- */

cJSON *
signed_manifest(const char *kind, int64_t now_ms)
{
	cJSON *json = cJSON_CreateObject();

	json_add_str(json, "object", "bundle");
	json_add_str(json, "kind", kind);
	json_add_time(json, "created_at", now_ms);
	json_add_arr(json, "files");
	return json;
}

cJSON *
signed_add(cJSON *manifest, const char *name, int64_t size, const char *sha256)
{
	cJSON *file = cJSON_CreateObject();

	json_add_str(file, "name", name);
	json_add_int(file, "size_bytes", size);
	json_add_str(file, "sha256", sha256);
	cJSON_AddItemToArray(cJSON_GetObjectItemCaseSensitive(manifest, "files"), file);
	return file;
}

int
signed_begin(struct bundle_writer *w, const cJSON *manifest, const struct ed25519_key *key,
    struct error *err)
{
	_cleanup_free_ char *text = json_print(manifest), *seal = NULL;
	_cleanup_json_ cJSON *signature = cJSON_CreateObject();
	char public_key[ED25519_PUBLIC_MAX], sig[ED25519_SIGNATURE_MAX];

	json_add_str(signature, "algorithm", "ed25519");
	json_add_str(signature, "public_key", ed25519_public(key, public_key));
	json_add_str(signature, "signature", ed25519_sign(key, text, strlen(text), sig));
	seal = json_print(signature);
	if (bundle_add_bytes(w, MANIFEST, text, strlen(text), err) < 0)
		return -1;
	return bundle_add_bytes(w, SIGNATURE, seal, strlen(seal), err);
}

/* ---- reading ---- */

static int
read_text(struct bundle_reader *r, const char *name, size_t max, char **out, size_t *len,
    struct error *err)
{
	struct bundle_entry e;
	const int rc = bundle_next(r, &e, err);

	if (rc < 0)
		return -1;
	if (rc == 0 || strcmp(e.name, name) != 0 || e.is_dir)
		return error_set(err, ERROR_INVALID,
		    "this is no signed bundle: '%s' is not where it should be", name);
	return bundle_read_all(r, max, out, len, err);
}

static int
check_signature(const char *seal, size_t seal_len, const char *text, size_t len, const char *signer,
    char public_key[ED25519_PUBLIC_MAX], struct error *err)
{
	_cleanup_json_ cJSON *json = NULL;

	if (json_parse(seal, seal_len, &json, err) < 0)
		return error_add(err, SIGNATURE);
	const char *key = json_str(json, "public_key");
	if (!str_eq(json_str(json, "algorithm"), "ed25519") || !ed25519_public_valid(key))
		return error_set(err, ERROR_INVALID, SIGNATURE ": not an ed25519 signature");
	if (!ed25519_verify(key, json_str(json, "signature"), text, len))
		return error_set(err, ERROR_CONFLICT,
		    "the signature is not of this manifest: it was changed, or somebody else made "
		    "it");
	if (signer != NULL && strcmp(signer, key) != 0)
		return error_set(
		    err, ERROR_CONFLICT, "it is signed by %s, not by %.80s", key, signer);
	snprintf(public_key, ED25519_PUBLIC_MAX, "%s", key);
	return 0;
}

int
signed_check(const char *text, size_t len, const char *seal, size_t seal_len, const char *signer,
    cJSON **manifest, char public_key[ED25519_PUBLIC_MAX], struct error *err)
{
	_cleanup_json_ cJSON *json = NULL;

	if (check_signature(seal, seal_len, text, len, signer, public_key, err) < 0)
		return -1;
	if (json_parse(text, len, &json, err) < 0)
		return error_add(err, MANIFEST);
	if (!cJSON_IsArray(json_get(json, "files")))
		return error_set(err, ERROR_INVALID, MANIFEST ": it has no 'files'");
	*manifest = TAKE(json);
	return 0;
}

const cJSON *
signed_file(const cJSON *manifest, const char *name)
{
	const cJSON *file;

	json_for_each(file, json_get(manifest, "files"))
		if (str_eq(json_str(file, "name"), name))
			return file;
	return NULL;
}

bool
signed_names(const cJSON *manifest, const char *name, const char *bytes, size_t len)
{
	const cJSON *file = signed_file(manifest, name);
	char digest[HASH_HEX_MAX];

	return file != NULL && json_int(file, "size_bytes", -1) == (int64_t)len &&
	    str_eq(json_str(file, "sha256"), hash_sha256_hex(bytes, len, digest));
}

static int
check_file(struct bundle_reader *r, const struct bundle_entry *e, const cJSON *file,
    signed_bytes_fn *fn, void *arg, struct signed_bundle *out, struct error *err)
{
	_cleanup_free_ char *name = str_dup(e->name);
	char bytes[65536], digest[HASH_HEX_MAX], shown[NAME_SHOWN_MAX];
	struct hasher *h = hasher_new();
	int64_t size = 0;
	ssize_t n = 0;
	int rc = fn != NULL ? fn(name, NULL, 0, arg, err) : 0;

	while (rc == 0 && (n = bundle_read(r, bytes, sizeof(bytes), err)) > 0) {
		hasher_add(h, bytes, (size_t)n);
		size += n;
		rc = fn != NULL ? fn(name, bytes, (size_t)n, arg, err) : 0;
	}
	hasher_hex(h, digest);
	hasher_free(h);
	if (rc < 0 || n < 0)
		return -1;
	if (size != json_int(file, "size_bytes", -1) || !str_eq(digest, json_str(file, "sha256")))
		return error_set(err, ERROR_INVALID, "entry '%s': not what the manifest says of it",
		    name_show(name, shown));
	out->files++;
	out->bytes += size;
	return 0;
}

static int
check_files(struct bundle_reader *r, signed_bytes_fn *fn, void *arg, struct signed_bundle *out,
    struct error *err)
{
	const cJSON *file;
	struct bundle_entry e;
	char shown[NAME_SHOWN_MAX];
	int rc;

	json_for_each(file, json_get(out->manifest, "files")) {
		const char *name = json_str(file, "name");

		rc = bundle_next(r, &e, err);
		if (rc < 0)
			return -1;
		if (name == NULL || rc == 0 || e.is_dir || strcmp(e.name, name) != 0)
			return error_set(err, ERROR_INVALID,
			    "entry '%s' of the manifest is not where it should be",
			    name_show(name != NULL ? name : "", shown));
		if (check_file(r, &e, file, fn, arg, out, err) < 0)
			return -1;
	}
	rc = bundle_next(r, &e, err);
	return rc > 0 ? error_set(err, ERROR_INVALID, "entry '%s': the manifest does not know it",
			    name_show(e.name, shown))
		      : rc;
}

static int
read_signed(struct bundle_reader *r, size_t text_max, const char *signer, signed_bytes_fn *fn,
    void *arg, struct signed_bundle *out, struct error *err)
{
	size_t len, seal_len;

	if (read_text(r, MANIFEST, text_max, &out->text, &len, err) < 0 ||
	    read_text(r, SIGNATURE, TEXT_MAX, &out->seal, &seal_len, err) < 0 ||
	    signed_check(out->text, len, out->seal, seal_len, signer, &out->manifest,
		out->public_key, err) < 0)
		return -1;
	return check_files(r, fn, arg, out, err);
}

int
signed_read(int fd, const struct bundle_limits *limits, const char *signer, signed_bytes_fn *fn,
    void *arg, struct signed_bundle *out, struct error *err)
{
	_cleanup_bundle_ struct bundle_reader *r = bundle_open(fd, limits, err);
	struct signed_bundle found = { 0 };

	if (r == NULL)
		return -1;
	const size_t text_max = limits->text_bytes > 0 ? limits->text_bytes : TEXT_MAX;
	if (read_signed(r, text_max, signer, fn, arg, &found, err) < 0) {
		signed_bundle_done(&found);
		return -1;
	}
	*out = found;
	return 0;
}

void
signed_bundle_done(struct signed_bundle *b)
{
	cJSON_Delete(b->manifest);
	free(b->text);
	free(b->seal);
	*b = (struct signed_bundle){ 0 };
}
