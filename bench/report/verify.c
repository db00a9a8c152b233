/*
 * verify.c - sums, signature, lines, and what follows of them.
 */
#include "bench/report/verify.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/record/evidence.h"
#include "bench/record/evidence_line.h"
#include "runtime/base/tree.h"
#include "bench/report/opened.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/ed25519.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/hash.h"
#include "runtime/base/json.h"
#include "runtime/base/map.h"
#include "runtime/base/str.h"

#define SUMS_MAX ((size_t)32 << 20)
#define ITEMS_MAX ((size_t)1 << 30)
#define PROBLEMS_MAX 100

struct looking {
	const char *dir, *seal_key;
	cJSON *problems; /* borrowed from the result */
	struct map sums; /* name to digest, owned texts */
	size_t files, attempts;
	char signer[ED25519_PUBLIC_MAX];
};

static void problem(struct looking *, const char *file, size_t line, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static void
problem(struct looking *l, const char *file, size_t line, const char *fmt, ...)
{
	_cleanup_buf_ struct buf what = { 0 };
	va_list ap;

	if (cJSON_GetArraySize(l->problems) >= PROBLEMS_MAX)
		return;
	va_start(ap, fmt);
	buf_vprintf(&what, fmt, ap);
	va_end(ap);
	cJSON *p = json_add_obj(l->problems, NULL);
	json_add_str(p, "file", file);
	if (line > 0)
		json_add_int(p, "line", (int64_t)line);
	else
		json_add_str(p, "line", NULL);
	json_add_str(p, "what", buf_str(&what));
}

static char *
read_all(const struct looking *l, const char *name, size_t max, size_t *len, struct error *err)
{
	_cleanup_free_ char *path = str_printf("%s/%s", l->dir, name);
	char *text = NULL;

	return file_read(path, max, &text, len, err) < 0 ? NULL : text;
}

/* ---- the signature, and the sums that it is over ---- */

static const char *
bare_key(const char *key)
{
	return str_starts(key, "ed25519:") ? key + strlen("ed25519:") : key;
}

static void
look_at_signature(struct looking *l, const char *sums, size_t sums_len, const char *signer)
{
	struct error err = { 0 };
	size_t len;
	_cleanup_free_ char *text = read_all(l, EVIDENCE_SIGNATURE, 4096, &len, &err);

	if (text == NULL) {
		problem(l, EVIDENCE_SIGNATURE, 0, "%s",
		    err.kind == ERROR_NOT_FOUND ? "there is none: the run has not ended, or it was "
						  "taken away"
						: err.text);
		return;
	}
	char *key = text, *end = strchr(text, '\n');
	if (end == NULL || strlen(text) != len) {
		problem(l, EVIDENCE_SIGNATURE, 0, "not a key and a signature");
		return;
	}
	*end = '\0';
	char *signature = end + 1;
	if ((end = strchr(signature, '\n')) == NULL || end[1] != '\0') {
		problem(l, EVIDENCE_SIGNATURE, 2, "not two lines");
		return;
	}
	*end = '\0';
	if (!ed25519_public_valid(key)) {
		problem(l, EVIDENCE_SIGNATURE, 1, "not a public key");
	} else if (!ed25519_verify(key, signature, sums, sums_len)) {
		problem(l, EVIDENCE_SIGNATURE, 2,
		    "not of these " EVIDENCE_SUMS
		    ": they or the signature were changed, or somebody else made it");
	} else if (signer != NULL && strcmp(bare_key(signer), bare_key(key)) != 0) {
		problem(l, EVIDENCE_SIGNATURE, 1, "signed by %s, not by %.80s", key, signer);
	} else {
		str_copy(l->signer, sizeof(l->signer), key);
	}
}

static bool
is_sum_line(const char *line, size_t len)
{
	return len > 66 && strspn(line, "0123456789abcdef") == 64 && line[64] == ' ' &&
	    line[65] == ' ';
}

static void
read_sums(struct looking *l, const char *text)
{
	const char *end;
	size_t n = 0;

	for (const char *at = text; *at != '\0'; at = end + 1) {
		end = strchr(at, '\n');
		n++;
		if (end == NULL || !is_sum_line(at, (size_t)(end - at))) {
			problem(l, EVIDENCE_SUMS, n, "not a digest and a name");
			return;
		}
		_cleanup_free_ char *name = str_ndup(at + 66, (size_t)(end - at) - 66);
		char *was = map_put(&l->sums, name, str_ndup(at, 64));
		if (was != NULL)
			problem(l, EVIDENCE_SUMS, n, "'%s' is there twice", name);
		free(was);
	}
}

static void
look_at_files(struct looking *l)
{
	_cleanup_tree_ struct tree t = { 0 };
	struct error err = { 0 };
	char hex[HASH_HEX_MAX];
	const char *name;
	size_t at = 0;
	void *sum;

	if (tree_list(l->dir, NULL, &t, &err) < 0) {
		problem(l, NULL, 0, "%s", err.text);
		return;
	}
	for (size_t i = 0; i < t.n; i++) {
		name = t.names[i];
		if (strcmp(name, EVIDENCE_SUMS) == 0 || strcmp(name, EVIDENCE_SIGNATURE) == 0)
			continue;
		l->files++;
		const char *want = map_get(&l->sums, name);
		if (want == NULL)
			problem(l, name, 0, "it is not in " EVIDENCE_SUMS ": it came later");
		else if (tree_hash(l->dir, name, hex, &err) < 0)
			problem(l, name, 0, "%s", err.text);
		else if (strcmp(hex, want) != 0)
			problem(l, name, 0, "changed since it was signed");
	}
	while (map_next(&l->sums, &at, &name, &sum)) {
		if (!tree_has(&t, name))
			problem(l, name, 0, "it is missing");
	}
}

/* ---- lines ---- */

static void
look_at_lines(struct looking *l, const cJSON *manifest)
{
	const cJSON *sum = json_get(manifest, "lines_sha256");
	struct error err = { 0 };
	size_t len, n = 0;
	_cleanup_free_ char *text = read_all(l, EVIDENCE_ITEMS, ITEMS_MAX, &len, &err);
	char hex[HASH_HEX_MAX];

	if (text == NULL) {
		problem(l, EVIDENCE_ITEMS, 0, "%s", err.text);
		return;
	}
	if (!cJSON_IsArray(sum)) {
		problem(l, EVIDENCE_MANIFEST, 0, "'lines_sha256' is not an array");
		return;
	}
	sum = sum->child;
	for (const char *at = text, *end; at < text + len; at = end + 1) {
		end = memchr(at, '\n', (size_t)(text + len - at));
		n++;
		if (end == NULL)
			end = text + len;
		if (sum == NULL) {
			problem(l, EVIDENCE_ITEMS, n, "it came later");
			continue;
		}
		hash_sha256_hex(at, (size_t)(end - at), hex);
		if (!str_eq(hex, cJSON_GetStringValue(sum)))
			problem(l, EVIDENCE_ITEMS, n, "changed since it was signed");
		sum = sum->next;
	}
	for (; sum != NULL; sum = sum->next)
		problem(l, EVIDENCE_ITEMS, ++n, "it is missing");
	l->attempts = n;
}

/* Frames of each line, by themselves: which attempt's were changed. */
static int64_t
look_at_extent(struct looking *l, int fd, const cJSON *line, size_t n, int64_t behind)
{
	const cJSON *f = json_get(line, "frames");
	const int64_t at = json_int(f, "at", -1), bytes = json_int(f, "bytes", -1);
	const char *name =
	    json_get(line, "sealed") != NULL ? EVIDENCE_FRAMES_SEALED : EVIDENCE_FRAMES;
	struct hasher *h;
	char hex[HASH_HEX_MAX], piece[16384];

	if (f == NULL)
		return behind;
	if (at != behind || bytes <= 0) {
		problem(l, EVIDENCE_ITEMS, n, "its frames are not behind those before");
		return behind;
	}
	h = hasher_new();
	for (int64_t done = 0; done < bytes;) {
		const size_t want =
		    bytes - done < (int64_t)sizeof(piece) ? (size_t)(bytes - done) : sizeof(piece);
		const ssize_t got = pread(fd, piece, want, at + done);

		if (got <= 0)
			break;
		hasher_add(h, piece, (size_t)got);
		done += got;
	}
	hasher_hex(h, hex);
	hasher_free(h);
	if (!str_eq(hex, json_str(f, "sha256")))
		problem(l, name, 0, "the frames of %s (items.jsonl line %zu) were changed",
		    json_str(line, "id") != NULL ? json_str(line, "id") : "?", n);
	return at + bytes;
}

static void
look_at_frames(struct looking *l, const cJSON *lines, bool sealed)
{
	const char *name = sealed ? EVIDENCE_FRAMES_SEALED : EVIDENCE_FRAMES;
	_cleanup_free_ char *path = str_printf("%s/%s", l->dir, name);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	int64_t behind = 0;
	const cJSON *line;
	size_t n = 0;

	if (fd < 0)
		return; /* the sums miss it */
	json_for_each(line, lines)
		behind = look_at_extent(l, fd, line, ++n, behind);
	if (lseek(fd, 0, SEEK_END) != behind)
		problem(l, name, 0, "there is more in it than the frames of all attempts");
}

static int
look_at_record(const struct evidence_record *r, void *arg, struct error *err)
{
	(void)r;
	(void)arg;
	(void)err;
	return 0;
}

/* That all can be read, and that the manifest's totals are those of the lines. */
static bool
look_inside(struct looking *l, const cJSON *manifest, const cJSON *lines)
{
	struct error err = { 0 };
	_cleanup_json_ cJSON *totals = NULL;
	struct opened o = { 0 };
	char name[80];

	if (json_bool(manifest, "sealed", false) && l->seal_key == NULL)
		return false;
	if (evidence_each(l->dir, l->seal_key, look_at_record, NULL, &err) < 0)
		problem(l, NULL, 0, "%s", err.text);
	if (opened_run(l->dir, l->seal_key, &o, &err) < 0) {
		problem(l, NULL, 0, "%s", err.text);
		return false;
	}
	if (opened_tally(&o, lines, &totals, &err) < 0)
		problem(l, NULL, 0, "%s", err.text);
	else if (opened_differs(manifest, totals, name) != NULL)
		problem(l, EVIDENCE_MANIFEST, 0, "'%s' does not follow from " EVIDENCE_ITEMS, name);
	opened_done(&o);
	return totals != NULL;
}

static bool
look_at_run(struct looking *l, const cJSON *manifest)
{
	_cleanup_json_ cJSON *lines = NULL;
	struct error err = { 0 };

	if (!str_eq(json_str(manifest, "object"), "evidence"))
		problem(l, EVIDENCE_MANIFEST, 0, "'object' is not \"evidence\"");
	if (str_eq(json_str(manifest, "state"), "running"))
		problem(l, EVIDENCE_MANIFEST, 0, "the run has not ended");
	look_at_lines(l, manifest);
	if (evidence_lines(l->dir, NULL, &lines, &err) < 0) {
		problem(l, NULL, 0, "%s", err.text);
		return false;
	}
	look_at_frames(l, lines, json_bool(manifest, "sealed", false));
	return look_inside(l, manifest, lines);
}

static void
forget(struct map *sums)
{
	const char *name;
	size_t at = 0;
	void *sum;

	while (map_next(sums, &at, &name, &sum))
		free(sum);
	map_done(sums);
}

/* What was never signed is not looked at file by file. */
static void
look_for_signature(struct looking *l)
{
	_cleanup_free_ char *path = str_printf("%s/" EVIDENCE_SIGNATURE, l->dir);

	if (access(path, F_OK) == 0)
		problem(l, EVIDENCE_SUMS, 0, "it is missing");
	else
		problem(l, EVIDENCE_SIGNATURE, 0,
		    "there is none: the run has not ended, or it was taken away");
}

static bool
look_at_all(
    struct looking *l, const cJSON *manifest, const char *sums, size_t len, const char *signer)
{
	look_at_signature(l, sums, len, signer);
	if (strlen(sums) != len)
		problem(l, EVIDENCE_SUMS, 0, "not a text");
	read_sums(l, sums);
	look_at_files(l);
	return manifest != NULL && look_at_run(l, manifest);
}

static cJSON *
verify_dir(struct looking *l, const char *sums, size_t len, const char *signer)
{
	cJSON *out = cJSON_CreateObject();
	_cleanup_json_ cJSON *manifest = NULL;
	struct error err = { 0 };
	bool recomputed = false;

	l->problems = cJSON_CreateArray();
	if (evidence_read_json(l->dir, EVIDENCE_MANIFEST, &manifest, &err) < 0)
		problem(l, EVIDENCE_MANIFEST, 0, "%s", err.text);
	if (sums != NULL)
		recomputed = look_at_all(l, manifest, sums, len, signer);
	else
		look_for_signature(l);
	json_add_str(out, "object", "verification");
	json_add_bool(out, "ok", cJSON_GetArraySize(l->problems) == 0);
	json_add_str(out, "id", json_str(manifest, "id"));
	json_add_text(out, "signer", l->signer);
	json_add_int(out, "files", (int64_t)l->files);
	json_add_int(out, "attempts", (int64_t)l->attempts);
	json_add_bool(out, "recomputed", recomputed);
	cJSON_AddItemToObject(out, "problems", l->problems);
	forget(&l->sums);
	return out;
}

int
verify(const char *path, const char *seal_key, const char *signer, cJSON **out, struct error *err)
{
	__attribute__((cleanup(unpacked_done))) struct unpacked u = { 0 };
	struct looking l = { .seal_key = seal_key };
	_cleanup_free_ char *sums = NULL;
	struct error why = { 0 };
	size_t len = 0;

	if (unpacked_open(path, &u, err) < 0)
		return -1;
	l.dir = u.dir;
	sums = read_all(&l, EVIDENCE_SUMS, SUMS_MAX, &len, &why);
	if (sums == NULL) {
		_cleanup_free_ char *manifest =
		    read_all(&l, EVIDENCE_MANIFEST, SUMS_MAX, &len, &why);

		if (manifest == NULL)
			return error_set(err, ERROR_NOT_FOUND, "%s: no evidence is in it", path);
	}
	*out = verify_dir(&l, sums, len, signer);
	return 0;
}
