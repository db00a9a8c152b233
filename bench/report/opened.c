/*
 * opened.c - what a directory of evidence was made from, read back.
 */
#include "bench/report/opened.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/record/evidence.h"
#include "bench/record/sealed.h"
#include "runtime/base/tree.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/hash.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/bundle/bundle.h"

#define SCORING_MAX ((size_t)1 << 20)
#define EPOCHS_MAX 1000

/* ---- an archive ---- */

/* Evidence is text that packs well, and one file an artifact. */
static const struct bundle_limits limits = { .entries = 100000,
	.bytes = INT64_C(16) << 30,
	.ratio = 1000,
	.ratio_free_bytes = 64 << 20,
	.name_bytes = 1024,
	.depth = 32 };

/* `tar -C .. NAME` puts all of it below one directory. */
static int
find_dir(const char *dir, char **out, struct error *err)
{
	_cleanup_tree_ struct tree t = { 0 };

	if (tree_list(dir, NULL, &t, err) < 0)
		return -1;
	if (!tree_has(&t, EVIDENCE_MANIFEST)) {
		for (size_t i = 0; i < t.n; i++) {
			char *slash = strchr(t.names[i], '/');

			if (slash == NULL || strcmp(slash, "/" EVIDENCE_MANIFEST) != 0)
				continue;
			*slash = '\0';
			*out = str_printf("%s/%s", dir, t.names[i]);
			return 0;
		}
	}
	*out = str_dup(dir);
	return 0;
}

static int
unpack(int fd, struct unpacked *u, struct error *err)
{
	const char *base = getenv("TMPDIR");
	_cleanup_free_ char *temp =
	    str_printf("%s/janus-evidence-XXXXXX", base != NULL && *base == '/' ? base : "/tmp");

	if (mkdtemp(temp) == NULL)
		return error_errno(err, "%s", temp);
	u->temp = TAKE(temp);
	_cleanup_close_ int dir_fd = open(u->temp, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return error_errno(err, "%s", u->temp);
	_cleanup_bundle_ struct bundle_reader *r = bundle_open(fd, &limits, err);
	if (r == NULL || bundle_extract(r, dir_fd, "run", err) < 0)
		return -1;
	_cleanup_free_ char *run = str_printf("%s/run", u->temp);
	return find_dir(run, &u->dir, err);
}

int
unpacked_open(const char *path, struct unpacked *out, struct error *err)
{
	struct unpacked u = { 0 };
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_errno(err, "%s", path);
	if (S_ISDIR(st.st_mode)) {
		*out = (struct unpacked){ .dir = str_dup(path) };
		return 0;
	}
	if (unpack(fd, &u, err) < 0) {
		unpacked_done(&u);
		return error_add(err, "%s", path);
	}
	*out = u;
	return 0;
}

void
unpacked_done(struct unpacked *u)
{
	if (u->temp != NULL)
		file_remove_tree(u->temp, NULL);
	free(u->temp);
	free(u->dir);
	*u = (struct unpacked){ 0 };
}

/* ---- a run ---- */

static int
read_scoring(const char *dir, struct opened *o, struct error *err)
{
	_cleanup_free_ char *path = str_printf("%s/" EVIDENCE_SCORING, dir), *text = NULL;
	const char *want = json_str(o->manifest, "scoring_digest");
	size_t len;

	if (file_read(path, SCORING_MAX, &text, &len, err) < 0)
		return -1;
	if (scoring_parse(text, len, &o->scoring, err) < 0)
		return error_add(err, EVIDENCE_SCORING);
	if (!str_eq(want, o->scoring.digest))
		return error_set(err, ERROR_INVALID,
		    EVIDENCE_SCORING " is %.71s, the manifest says %.71s", o->scoring.digest,
		    want != NULL ? want : "nothing");
	return 0;
}

static int
read_suite(const char *dir, struct opened *o, struct error *err)
{
	_cleanup_free_ char *path = str_printf("%s/" EVIDENCE_SUITE, dir);
	const char *want = json_str(o->manifest, "suite_digest");

	if (sealed_is(path) && o->seal_key == NULL)
		return error_set(err, ERROR_DENIED, "the suite is sealed: its key is needed");
	if ((sealed_is(path) ? sealed_load(path, o->seal_key, NULL, &o->suite, err)
			     : suite_load(path, NULL, &o->suite, err)) < 0)
		return error_add(err, EVIDENCE_SUITE);
	if (!str_eq(want, o->suite.digest))
		return error_set(err, ERROR_INVALID,
		    EVIDENCE_SUITE " is %.71s, the manifest says %.71s", o->suite.digest,
		    want != NULL ? want : "nothing");
	return 0;
}

static void
sample(struct opened *o)
{
	const uint64_t seed = (uint64_t)json_int(o->manifest, "seed", 0);
	const int64_t percent = json_int(o->manifest, "subset_percent", 100);
	_cleanup_free_ size_t *at = suite_sample(
	    &o->suite, seed, percent < 1 || percent > 100 ? 100 : (int)percent, &o->nitems);

	o->items = mem_zalloc((o->nitems + 1) * sizeof(*o->items));
	for (size_t i = 0; i < o->nitems; i++)
		o->items[i] = &o->suite.items[at[i]];
}

int
opened_run(const char *dir, const char *seal_key, struct opened *out, struct error *err)
{
	struct opened o = { .seal_key = seal_key };
	int rc = evidence_read_json(dir, EVIDENCE_MANIFEST, &o.manifest, err);

	if (rc == 0 && !json_bool(o.manifest, "sealed", false))
		o.seal_key = NULL;
	if (rc < 0 || read_scoring(dir, &o, err) < 0 || read_suite(dir, &o, err) < 0) {
		opened_done(&o);
		return -1;
	}
	sample(&o);
	*out = o;
	return 0;
}

void
opened_done(struct opened *o)
{
	cJSON_Delete(o->manifest);
	free(o->items);
	suite_done(&o->suite);
	*o = (struct opened){ 0 };
}

int
opened_tally(const struct opened *o, const cJSON *lines, cJSON **out, struct error *err)
{
	const int64_t epochs = json_int(o->manifest, "epochs", 1);
	const struct tally_of of = { .items = o->items,
		.nitems = o->nitems,
		.epochs = epochs >= 1 && epochs <= EPOCHS_MAX ? (int)epochs : 1,
		.seal_key = o->seal_key,
		.scoring = &o->scoring,
		.seed = (uint64_t)json_int(o->manifest, "seed", 0),
		.whole_suite = o->nitems == o->suite.len };

	return tally(lines, &of, out, err);
}

static const char *
first_difference(const cJSON *a, const cJSON *b, const char *name, char out[80])
{
	_cleanup_free_ char *ta = a != NULL ? json_print(a) : NULL, *tb = json_print(b);
	const cJSON *m;

	if (str_eq(ta, tb))
		return NULL;
	if (cJSON_IsObject(a) && cJSON_IsObject(b)) {
		json_for_each(m, b) {
			_cleanup_free_ char *inner = str_printf("%s.%s", name, m->string);

			if (first_difference(json_get(a, m->string), m, inner, out) != NULL)
				return out;
		}
	}
	str_copy(out, 80, name);
	return out;
}

const char *
opened_differs(const cJSON *manifest, const cJSON *totals, char out[80])
{
	const cJSON *m;

	json_for_each(m, totals) {
		if (first_difference(json_get(manifest, m->string), m, m->string, out) != NULL)
			return out;
	}
	return NULL;
}
