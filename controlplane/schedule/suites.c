/*
 * suites.c - look for suites below two directories, group/name each.
 */
#include "controlplane/schedule/suites.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/hash.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/base/tree.h"

#define FILE_MAX ((size_t)16 << 20)
#define FILES_MAX 10000
#define DEPTH_MAX 8
#define SUITES_MAX 64

void
suite_info_done(struct suite_info *s)
{
	cJSON_Delete(s->counts);
	s->counts = NULL;
}

/* As bench/record/suite.h has it. */
static int
digest_of(const char *dir, char out[72], struct error *err)
{
	static const struct tree_limits limits = {
		.depth = DEPTH_MAX, .files = FILES_MAX, .file_bytes = FILE_MAX
	};
	static const char *const all_of_them[] = { NULL };
	_cleanup_buf_ struct buf lines = { 0 };
	char hex[HASH_HEX_MAX];

	if (tree_sums(dir, &limits, all_of_them, &lines, err) < 0)
		return -1;
	hash_sha256_hex(buf_str(&lines), lines.len, hex);
	snprintf(out, 72, "sha256:%s", hex);
	return 0;
}

/* ---- one suite ---- */

static int64_t
sum_of(const cJSON *counts)
{
	const cJSON *item;
	int64_t sum = 0;

	json_for_each(item, counts)
		sum += cJSON_IsNumber(item) ? (int64_t)item->valuedouble : 0;
	return sum;
}

/* suite.json, or commit.json of one that is sealed. */
static int
read_head(const char *dir, struct suite_info *s, struct error *err)
{
	_cleanup_free_ char *plain = str_printf("%s/suite.json", dir),
			    *sealed = str_printf("%s/suite.sealed", dir),
			    *commit = str_printf("%s/commit.json", dir), *text = NULL;
	_cleanup_json_ cJSON *json = NULL;
	size_t len = 0;

	s->is_sealed = access(sealed, F_OK) == 0;
	if (file_read(s->is_sealed && access(plain, F_OK) < 0 ? commit : plain, FILE_MAX, &text,
		&len, err) < 0 ||
	    json_parse(text, len, &json, err) < 0)
		return error_add(err, "suite '%s'", s->name);
	str_copy(s->version, sizeof(s->version), json_str(json, "version"));
	str_copy(s->title, sizeof(s->title), json_str(json, "title"));
	str_copy(s->scoring, sizeof(s->scoring), json_str(json, "scoring"));
	s->counts = cJSON_Duplicate(json_get(json, "counts"), true);
	s->items = json_int(json, "items", sum_of(s->counts));
	return 0;
}

static bool
is_suite(const char *dir)
{
	_cleanup_free_ char *plain = str_printf("%s/suite.json", dir),
			    *sealed = str_printf("%s/suite.sealed", dir);

	return access(plain, F_OK) == 0 || access(sealed, F_OK) == 0;
}

static int
read_suite(const char *dir, const char *name, struct suite_info *out, struct error *err)
{
	struct suite_info s = { 0 };

	str_copy(s.name, sizeof(s.name), name);
	if (read_head(dir, &s, err) < 0 || digest_of(dir, s.digest, err) < 0) {
		suite_info_done(&s);
		return -1;
	}
	*out = s;
	return 0;
}

/* "public/dev": two words, and nothing that leads elsewhere. */
static bool
name_valid(const char *name)
{
	const char *slash = strchr(name, '/');
	_cleanup_free_ char *group = slash != NULL ? str_ndup(name, (size_t)(slash - name)) : NULL;

	return group != NULL && strlen(name) < SUITE_NAME_MAX && str_slug_valid(group) &&
	    str_slug_valid(slash + 1);
}

/* ---- all of them ---- */

struct names { /* of suites */
	char **at;
	size_t len;
};

static void
names_done(struct names *n)
{
	for (size_t i = 0; i < n->len; i++)
		free(n->at[i]);
	free(n->at);
}

/* Takes the name over. */
static void
names_add(struct names *n, char *name)
{
	n->at = mem_realloc(n->at, (n->len + 1) * sizeof(*n->at));
	n->at[n->len++] = name;
}

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
names_sort(struct names *n)
{
	if (n->len > 0)
		qsort(n->at, n->len, sizeof(*n->at), by_bytes);
}

static void
names_below(const char *dir, struct names *out)
{
	DIR *groups = dir != NULL ? opendir(dir) : NULL;

	for (struct dirent *g; groups != NULL && (g = readdir(groups)) != NULL;) {
		_cleanup_free_ char *group = str_printf("%s/%s", dir, g->d_name);
		DIR *in = g->d_name[0] != '.' ? opendir(group) : NULL;

		for (struct dirent *e; in != NULL && (e = readdir(in)) != NULL;) {
			_cleanup_free_ char *name = str_printf("%s/%s", g->d_name, e->d_name),
					    *path = str_printf("%s/%s", dir, name);

			if (!name_valid(name) || !is_suite(path) || out->len == SUITES_MAX)
				continue;
			names_add(out, TAKE(name));
		}
		if (in != NULL)
			closedir(in);
	}
	if (groups != NULL)
		closedir(groups);
}

/* Where it is, the caller's; a private one only where such are kept. NULL: there is none. */
static char *
place_of(const char *dir, const char *private_dir, const char *name)
{
	_cleanup_free_ char *path = str_printf("%s/%s", dir, name);

	if (is_suite(path))
		return TAKE(path);
	if (private_dir == NULL || !str_starts(name, "private/"))
		return NULL;
	free(path);
	path = str_printf("%s/%s", private_dir, name);
	if (is_suite(path))
		return TAKE(path);
	/* The directory may be that of the one suite that is sealed. */
	return strcmp(name, "private/test") == 0 && is_suite(private_dir) ? str_dup(private_dir)
									  : NULL;
}

static void
all_names(const char *dir, const char *private_dir, struct names *out)
{
	names_below(dir, out);
	names_below(private_dir, out);
	if (private_dir != NULL && is_suite(private_dir)) {
		names_add(out, str_dup("private/test"));
	}
	names_sort(out);
}

int
suites_find(const char *dir, const char *private_dir, const char *name, struct suite_info *out,
    struct error *err)
{
	_cleanup_free_ char *path = name_valid(name) ? place_of(dir, private_dir, name) : NULL;
	_cleanup_(names_done) struct names names = { 0 };
	_cleanup_buf_ struct buf known = { 0 };

	if (path != NULL)
		return read_suite(path, name, out, err);
	all_names(dir, private_dir, &names);
	for (size_t i = 0; i < names.len; i++)
		buf_printf(&known, "%s%s", i > 0 ? ", " : "", names.at[i]);
	return error_set(err, ERROR_NOT_FOUND, "There is no suite '%.64s'; there %s %s.", name,
	    names.len > 0 ? "is" : "are", names.len > 0 ? buf_str(&known) : "none");
}

void
suites_list(const char *dir, const char *private_dir, suite_info_fn *fn, void *arg)
{
	_cleanup_(names_done) struct names names = { 0 };

	all_names(dir, private_dir, &names);
	for (size_t i = 0; i < names.len; i++) {
		_cleanup_free_ char *path = place_of(dir, private_dir, names.at[i]);
		struct suite_info s;

		if ((i > 0 && strcmp(names.at[i], names.at[i - 1]) == 0) || path == NULL ||
		    read_suite(path, names.at[i], &s, NULL) < 0)
			continue;
		fn(&s, arg);
		suite_info_done(&s);
	}
}
