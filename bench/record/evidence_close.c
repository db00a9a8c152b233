/*
 * evidence_close.c - the end of a run: its manifest, the sums of its files, and who says so.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/record/evidence.h"
#include "bench/record/evidence_files.h"
#include "runtime/base/tree.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/ed25519.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/hash.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

static bool
is_named(const struct evidence *ev, const cJSON *lines, const char *artifact)
{
	const cJSON *line, *file;
	char name[HASH_HEX_MAX];

	json_for_each(line, lines) {
		json_for_each(file, json_get(line, "files")) {
			const char *sha256 = json_str(file, "sha256");

			if (sha256 != NULL &&
			    str_eq(files_artifact(ev->seal_key, sha256, name), artifact))
				return true;
		}
	}
	return false;
}

/* Files of attempts whose line was never written. */
static int
drop_orphans(const struct evidence *ev, struct error *err)
{
	_cleanup_tree_ struct tree t = { 0 };
	_cleanup_free_ char *dir = files_path(ev, EVIDENCE_ARTIFACTS);
	_cleanup_json_ cJSON *lines = NULL;

	if (tree_list(dir, NULL, &t, err) < 0 ||
	    evidence_lines(ev->dir, ev->seal_key, &lines, err) < 0)
		return -1;
	for (size_t i = 0; i < t.n; i++) {
		_cleanup_free_ char *path = str_printf("%s/%s", dir, t.names[i]);

		if (!is_named(ev, lines, t.names[i]) && unlink(path) < 0)
			return error_errno(err, "%s", path);
	}
	return tree_sync(dir, err);
}

static void
merge(cJSON *manifest, const cJSON *end)
{
	const cJSON *m;

	json_for_each(m, end) {
		cJSON *copy = cJSON_Duplicate(m, true);

		if (copy == NULL)
			mem_out();
		cJSON_DeleteItemFromObjectCaseSensitive(manifest, m->string);
		cJSON_AddItemToObject(manifest, m->string, copy);
	}
}

/* Of each line by itself, so that a changed one can be named. */
static int
add_line_sums(struct evidence *ev, struct error *err)
{
	_cleanup_free_ char *path = files_path(ev, EVIDENCE_ITEMS), *text = NULL;
	char hex[HASH_HEX_MAX];
	const char *end;
	size_t len;

	if (file_read(path, ITEMS_MAX_BYTES, &text, &len, err) < 0)
		return -1;
	cJSON_DeleteItemFromObjectCaseSensitive(ev->manifest, "lines_sha256");
	cJSON *sums = json_add_arr(ev->manifest, "lines_sha256");
	for (const char *at = text; (end = strchr(at, '\n')) != NULL; at = end + 1)
		json_add_str(sums, NULL, hash_sha256_hex(at, (size_t)(end - at), hex));
	return 0;
}

static int
write_signature(const struct evidence *ev, const struct ed25519_key *key, const struct buf *sums,
    struct error *err)
{
	_cleanup_free_ char *path = files_path(ev, EVIDENCE_SIGNATURE);
	char public_key[ED25519_PUBLIC_MAX], signature[ED25519_SIGNATURE_MAX];
	_cleanup_free_ char *text = str_printf("%s\n%s\n", ed25519_public(key, public_key),
	    ed25519_sign(key, sums->data, sums->len, signature));

	return file_write(path, text, strlen(text), 0644, err) < 0 ? -1 : tree_sync(ev->dir, err);
}

static struct ed25519_key *
key_open(const char *path, struct error *err)
{
	_cleanup_free_ char *parent = str_dup(path);
	char *slash = strrchr(parent, '/');

	if (slash != NULL && slash != parent) {
		*slash = '\0';
		if (file_mkdirs(parent, 0700, err) < 0)
			return NULL;
	}
	return ed25519_open(path, err);
}

int
evidence_close(struct evidence *ev, const cJSON *end, const char *key_path, struct error *err)
{
	static const char *const but[] = { EVIDENCE_SUMS, EVIDENCE_SIGNATURE, NULL };
	_cleanup_free_ char *sums_path = files_path(ev, EVIDENCE_SUMS);
	_cleanup_buf_ struct buf sums = { 0 };

	if (ev->finished)
		return error_set(err, ERROR_CONFLICT, "%s: the run in it is over", ev->dir);
	struct ed25519_key *key = key_open(key_path, err);
	if (key == NULL)
		return error_add(err, "key");
	merge(ev->manifest, end);
	int rc = drop_orphans(ev, err);
	if (rc == 0)
		rc = add_line_sums(ev, err);
	if (rc == 0)
		rc = files_write_json(ev, EVIDENCE_MANIFEST, ev->manifest, err);
	if (rc == 0)
		rc = tree_sums(ev->dir, NULL, but, &sums, err);
	if (rc == 0)
		rc = file_write(sums_path, sums.data, sums.len, 0644, err);
	if (rc == 0)
		rc = write_signature(ev, key, &sums, err);
	ed25519_free(key);
	ev->finished = rc == 0;
	return rc;
}
