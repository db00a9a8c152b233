/*
 * evidence.c - write a run down, so that it can be gone on with wherever it was cut.
 */
#include "bench/record/evidence.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/record/environment.h"
#include "bench/record/evidence_files.h"
#include "bench/record/evidence_line.h"
#include "bench/record/suite.h"
#include "runtime/base/gzip.h"
#include "runtime/base/tree.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/hash.h"
#include "runtime/base/id.h"
#include "runtime/base/json.h"
#include "runtime/base/seal.h"
#include "runtime/base/str.h"

/* What a run that is gone on with must say as it did. */
static const char *const pinned[] = { "suite_digest", "scoring_digest", "seed", "subset_percent",
	"epochs", "target", "model", "run" };

static const char *const ours[] = { EVIDENCE_ITEMS, EVIDENCE_FRAMES, EVIDENCE_FRAMES_SEALED,
	EVIDENCE_SCORING, EVIDENCE_ENV, EVIDENCE_MANIFEST, EVIDENCE_SUMS, EVIDENCE_SIGNATURE,
	NULL };

bool
evidence_finished(const struct evidence *ev)
{
	return ev->finished;
}

const cJSON *
evidence_results(const struct evidence *ev)
{
	return ev->lines;
}

const cJSON *
evidence_manifest(const struct evidence *ev)
{
	return ev->manifest;
}

const char *
evidence_dir(const struct evidence *ev)
{
	return ev->dir;
}

char *
files_path(const struct evidence *ev, const char *name)
{
	return str_printf("%s/%s", ev->dir, name);
}

static bool
there(const struct evidence *ev, const char *name)
{
	_cleanup_free_ char *path = files_path(ev, name);

	return access(path, F_OK) == 0;
}

int
files_write_json(const struct evidence *ev, const char *name, const cJSON *json, struct error *err)
{
	_cleanup_free_ char *path = files_path(ev, name), *text = json_print(json);
	_cleanup_buf_ struct buf line = { 0 };

	buf_printf(&line, "%s\n", text);
	return file_write(path, line.data, line.len, 0644, err) < 0 ? -1 : tree_sync(ev->dir, err);
}

/* ---- open ---- */

static bool
is_ours(const char *name)
{
	for (const char *const *o = ours; *o != NULL; o++) {
		if (strcmp(name, *o) == 0)
			return true;
	}
	return str_starts(name, EVIDENCE_SUITE "/") || str_starts(name, EVIDENCE_ARTIFACTS "/");
}

/* What a write that was cut left: names that file_write gives; all else is not ours to touch. */
static int
sweep(const struct evidence *ev, struct error *err)
{
	_cleanup_tree_ struct tree t = { 0 };

	if (tree_list(ev->dir, NULL, &t, err) < 0)
		return -1;
	for (size_t i = 0; i < t.n; i++) {
		_cleanup_free_ char *path = files_path(ev, t.names[i]);

		if (str_ends(path, ".tmp") && !str_starts(t.names[i], EVIDENCE_SUITE "/"))
			unlink(path);
		else if (!is_ours(t.names[i]))
			return error_set(err, ERROR_CONFLICT,
			    "%s: '%s' is no evidence: give an empty directory", ev->dir,
			    t.names[i]);
	}
	return 0;
}

/* What is copied must be what was read and is asked. */
static int
check_suite(const char *suite, const cJSON *manifest, struct error *err)
{
	__attribute__((cleanup(suite_files_done))) struct suite_files files = { 0 };
	const char *want = json_str(manifest, "suite_digest");
	char digest[SUITE_DIGEST_MAX];

	if (want == NULL)
		return 0;
	if (suite_files_read(suite, &files, err) < 0)
		return -1;
	suite_files_digest(&files, digest);
	if (strcmp(digest, want) != 0)
		return error_set(err, ERROR_CONFLICT,
		    "the suite on disk is %s, not the one that was read: it was changed", digest);
	return 0;
}

static int
begin(struct evidence *ev, const struct evidence_setup *s, struct error *err)
{
	_cleanup_free_ char *suite = files_path(ev, EVIDENCE_SUITE),
			    *artifacts = files_path(ev, EVIDENCE_ARTIFACTS),
			    *scoring = files_path(ev, EVIDENCE_SCORING);
	_cleanup_json_ cJSON *env = environment_read(), *m = cJSON_Duplicate(s->manifest, true);
	char id[ID_MAX];

	if (m == NULL)
		m = cJSON_CreateObject();
	if (json_str(m, "object") == NULL)
		json_add_str(m, "object", "evidence");
	if (json_str(m, "id") == NULL)
		json_add_str(m, "id", id_new("evd", id));
	if (json_str(m, "started_at") == NULL)
		json_add_time(m, "started_at", clock_wall_ms());
	if (json_str(m, "state") == NULL)
		json_add_str(m, "state", "running");
	if (json_get(m, "sealed") == NULL)
		json_add_bool(m, "sealed", ev->seal_key != NULL);
	if (file_remove_tree(suite, err) < 0 || file_mkdirs(artifacts, 0755, err) < 0 ||
	    (s->suite_dir != NULL &&
		(tree_copy(s->suite_dir, suite, err) < 0 ||
		    (ev->seal_key == NULL && check_suite(suite, m, err) < 0))) ||
	    (s->scoring != NULL &&
		file_write(scoring, s->scoring, strlen(s->scoring), 0644, err) < 0) ||
	    files_write_json(ev, EVIDENCE_ENV, env, err) < 0 ||
	    files_write_json(ev, EVIDENCE_MANIFEST, m, err) < 0)
		return -1;
	ev->manifest = TAKE(m);
	return 0;
}

static int
same(const cJSON *was, const cJSON *is, struct error *err)
{
	for (size_t i = 0; i < ARRAY_LEN(pinned); i++) {
		const cJSON *a = json_get(was, pinned[i]), *b = json_get(is, pinned[i]);
		_cleanup_free_ char *ta = a != NULL ? json_print(a) : str_dup("null"),
				    *tb = b != NULL ? json_print(b) : str_dup("null");

		if (strcmp(ta, tb) != 0)
			return error_set(err, ERROR_CONFLICT,
			    "the run in it has %s %.60s, not %.60s: give another directory",
			    pinned[i], ta, tb);
	}
	return 0;
}

static int
open_file(const struct evidence *ev, const char *name, int *fd, int64_t *size, struct error *err)
{
	_cleanup_free_ char *path = files_path(ev, name);
	struct stat st;

	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (*fd < 0 || fstat(*fd, &st) < 0)
		return error_errno(err, "%s", path);
	*size = st.st_size;
	return 0;
}

/* Each line is an attempt's, and its frames follow those of the line before. */
static int
check_lines(struct evidence *ev, struct error *err)
{
	const cJSON *line;
	size_t n = 0;

	json_for_each(line, ev->lines) {
		_cleanup_json_ cJSON *whole = files_open_line(line, ev->seal_key, err);
		struct attempt a = { 0 };
		int64_t at = 0, bytes = 0;

		n++;
		if (whole == NULL || line_attempt(whole, &a, err) < 0 ||
		    files_extent(line, &at, &bytes, err) < 0)
			return error_add(err, "%s/" EVIDENCE_ITEMS ": line %zu", ev->dir, n);
		attempt_done(&a);
		if (bytes > 0 && at != ev->frames_end)
			return error_set(err, ERROR_INVALID,
			    "%s/" EVIDENCE_ITEMS
			    ": line %zu: its frames are not behind those before",
			    ev->dir, n);
		ev->frames_end += bytes;
	}
	return 0;
}

static int
cut_to(int fd, int64_t end, int64_t size, const char *name, struct error *err)
{
	if (size < end)
		return error_set(err, ERROR_INVALID, "%s: cut: %lld bytes of %lld", name,
		    (long long)size, (long long)end);
	if (size > end && (ftruncate(fd, end) < 0 || fsync(fd) < 0))
		return error_errno(err, "%s", name);
	return 0;
}

static int
open_files(struct evidence *ev, struct error *err)
{
	const char *frames = files_frames(ev->seal_key != NULL);
	int64_t items_size, frames_size;
	struct lines l;

	if (files_lines(ev->dir, &ev->lines, &l, err) < 0 || check_lines(ev, err) < 0)
		return -1;
	ev->items_end = (int64_t)l.len;
	if (open_file(ev, EVIDENCE_ITEMS, &ev->items, &items_size, err) < 0 ||
	    open_file(ev, frames, &ev->frames, &frames_size, err) < 0)
		return -1;
	if (ev->finished)
		return 0;
	if (cut_to(ev->items, ev->items_end, items_size, EVIDENCE_ITEMS, err) < 0 ||
	    cut_to(ev->frames, ev->frames_end, frames_size, frames, err) < 0)
		return -1;
	return tree_sync(ev->dir, err);
}

static int
open_all(struct evidence *ev, const struct evidence_setup *s, struct error *err)
{
	if (file_mkdirs(ev->dir, ev->seal_key != NULL ? 0700 : 0755, err) < 0)
		return -1;
	ev->lock = open(ev->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (ev->lock < 0)
		return error_errno(err, "%s", ev->dir);
	if (flock(ev->lock, LOCK_EX | LOCK_NB) < 0)
		return error_set(err, ERROR_BUSY, "%s: another process writes there", ev->dir);
	if (sweep(ev, err) < 0)
		return -1;
	ev->finished = there(ev, EVIDENCE_SIGNATURE);
	if (!there(ev, EVIDENCE_MANIFEST))
		return begin(ev, s, err) < 0 ? -1 : open_files(ev, err);
	if (evidence_read_json(ev->dir, EVIDENCE_MANIFEST, &ev->manifest, err) < 0 ||
	    same(ev->manifest, s->manifest, err) < 0)
		return error_add(err, "%s", ev->dir);
	return open_files(ev, err);
}

struct evidence *
evidence_open(const struct evidence_setup *s, struct error *err)
{
	struct evidence *ev = mem_zalloc(sizeof(*ev));

	ev->dir = str_dup(s->dir);
	ev->seal_key = str_dup(s->seal_key);
	ev->lock = ev->items = ev->frames = -1;
	if (open_all(ev, s, err) < 0) {
		evidence_free(ev);
		return NULL;
	}
	return ev;
}

void
evidence_free(struct evidence *ev)
{
	if (ev == NULL)
		return;
	cleanup_closep(&ev->items);
	cleanup_closep(&ev->frames);
	cleanup_closep(&ev->lock);
	cJSON_Delete(ev->manifest);
	cJSON_Delete(ev->lines);
	if (ev->seal_key != NULL)
		explicit_bzero(ev->seal_key, strlen(ev->seal_key));
	free(ev->seal_key);
	free(ev->dir);
	free(ev);
}

/* ---- append ---- */

static const char *
item_name(const struct evidence *ev, const char *item, char out[ITEM_ID_MAX])
{
	if (ev->seal_key != NULL)
		return evidence_item_name(ev->seal_key, item, out);
	str_copy(out, ITEM_ID_MAX, item);
	return out;
}

int
evidence_attempts(const struct evidence *ev, const char *item, int epoch, bool *settled)
{
	char name[ITEM_ID_MAX];
	const cJSON *line;
	int n = 0;

	item_name(ev, item, name);
	*settled = false;
	json_for_each(line, ev->lines) {
		if (!str_eq(json_str(line, "item"), name) || json_int(line, "epoch", -1) != epoch)
			continue;
		n++;
		if (!str_eq(json_str(line, "state"), attempt_state_name(ATTEMPT_ERROR)))
			*settled = true;
	}
	return n;
}

static int
write_artifact(const struct evidence *ev, const struct attempt_file *f, struct error *err)
{
	char name[HASH_HEX_MAX];
	_cleanup_free_ char *dir = files_path(ev, EVIDENCE_ARTIFACTS), *sealed = NULL;
	const char *bytes = f->bytes.data != NULL ? f->bytes.data : "";
	size_t len = f->bytes.len;

	if (strcmp(hash_sha256_hex(bytes, len, name), f->sha256) != 0 || (int64_t)len != f->size)
		return error_set(err, ERROR_INTERNAL, "a file is not what its entry says of it");
	_cleanup_free_ char *path =
	    str_printf("%s/%s", dir, files_artifact(ev->seal_key, f->sha256, name));
	if (access(path, F_OK) == 0)
		return 0;
	if (ev->seal_key != NULL) {
		sealed = seal_text(ev->seal_key, bytes, len);
		bytes = sealed;
		len = strlen(sealed);
	}
	return file_write(path, bytes, len, 0644, err) < 0 ? -1 : tree_sync(dir, err);
}

/* All or nothing, as far as this process lives; after that the next one cuts. */
static int
write_behind(
    int fd, int64_t end, const char *bytes, size_t len, const char *name, struct error *err)
{
	if (lseek(fd, end, SEEK_SET) == end && file_write_all(fd, bytes, len) == 0 &&
	    fsync(fd) == 0)
		return 0;
	error_errno(err, "%s", name);
	if (ftruncate(fd, end) < 0)
		error_add(err, "not taken back");
	return -1;
}

static void
frames_bytes(const struct evidence *ev, const struct attempt *a, struct buf *out)
{
	_cleanup_buf_ struct buf text = { 0 };

	if (a->nframes == 0)
		return;
	frames_text(a, &text);
	if (ev->seal_key == NULL) {
		gzip_pack(text.data, text.len, out);
		return;
	}
	_cleanup_buf_ struct buf member = { 0 };
	gzip_pack(text.data, text.len, &member);
	_cleanup_free_ char *sealed = seal_text(ev->seal_key, member.data, member.len);
	buf_add_str(out, sealed);
	buf_add_char(out, '\n');
}

static cJSON *
whole_line(const struct evidence *ev, const struct attempt *a, const cJSON *judged,
    const struct buf *bytes)
{
	_cleanup_json_ cJSON *line = line_of(a, judged);
	char name[ITEM_ID_MAX], hex[HASH_HEX_MAX];

	if (bytes->len > 0) {
		cJSON *frames = json_add_obj(line, "frames");

		json_add_int(frames, "at", ev->frames_end);
		json_add_int(frames, "bytes", (int64_t)bytes->len);
		json_add_int(frames, "count", (int64_t)a->nframes);
		json_add_str(frames, "sha256", hash_sha256_hex(bytes->data, bytes->len, hex));
	}
	if (ev->seal_key == NULL)
		return TAKE(line);
	cJSON_ReplaceItemInObjectCaseSensitive(
	    line, "item", cJSON_CreateString(item_name(ev, a->item, name)));
	return line_seal(ev->seal_key, line);
}

const cJSON *
evidence_append(
    struct evidence *ev, const struct attempt *a, const cJSON *judged, struct error *err)
{
	_cleanup_buf_ struct buf frames = { 0 }, text = { 0 };
	_cleanup_json_ cJSON *line = NULL;

	if (ev->finished) {
		error_set(err, ERROR_CONFLICT, "%s: the run in it is over", ev->dir);
		return NULL;
	}
	frames_bytes(ev, a, &frames);
	line = whole_line(ev, a, judged, &frames);
	_cleanup_free_ char *json = json_print(line);
	buf_printf(&text, "%s\n", json);
	for (size_t i = 0; i < a->nfiles; i++) {
		if (write_artifact(ev, &a->files[i], err) < 0)
			return NULL;
	}
	if (write_behind(ev->frames, ev->frames_end, buf_str(&frames), frames.len,
		files_frames(ev->seal_key != NULL), err) < 0 ||
	    write_behind(ev->items, ev->items_end, text.data, text.len, EVIDENCE_ITEMS, err) < 0)
		return NULL;
	ev->frames_end += (int64_t)frames.len;
	ev->items_end += (int64_t)text.len;
	/* as it will be read: a text that was repaired, a number that was rounded */
	cJSON *read = NULL;
	if (json_parse(json, strlen(json), &read, err) < 0)
		return NULL;
	cJSON_AddItemToArray(ev->lines, read);
	return read;
}
