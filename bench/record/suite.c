/*
 * suite.c - suite.json and the lines beside it to a list of items, and a sample of them.
 */
#include "bench/record/suite.h"

#include <stdlib.h>
#include <string.h>

#include "bench/record/resample.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/map.h"
#include "runtime/base/str.h"

#define LINE_MAX_BYTES (4U << 20)

struct loading {
	struct suite *out;
	suite_check_fn *check;
	struct map places; /* id to "file:line", each owned here */
	size_t counts[ITEM_TASK_COUNT];
	struct error *err;
};

static int
member_text(const cJSON *json, const char *key, char *out, size_t cap, struct error *err)
{
	const char *text = json_str(json, key);

	if (text == NULL || *text == '\0' || strlen(text) >= cap)
		return error_set(err, ERROR_INVALID, "suite.json:1: %s: a text of up to %zu bytes",
		    key, cap - 1);
	str_copy(out, cap, text);
	return 0;
}

/* "public/dev": words of a slug, apart by single slashes. */
static bool
suite_name_valid(const char *name)
{
	if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-/") != strlen(name))
		return false;
	return *name != '/' && !str_ends(name, "/") && strstr(name, "//") == NULL;
}

static int
read_head(const cJSON *json, struct suite *s, struct error *err)
{
	static const char *const known[] = { "name", "version", "title", "description", "scoring",
		"counts", NULL };
	const char *unknown = json_unknown_key(json, known);

	if (!cJSON_IsObject(json))
		return error_set(err, ERROR_INVALID, "suite.json:1: not an object");
	if (unknown != NULL)
		return error_set(err, ERROR_INVALID, "suite.json:1: %.60s: not a member", unknown);
	if (member_text(json, "name", s->name, sizeof(s->name), err) < 0 ||
	    member_text(json, "version", s->version, sizeof(s->version), err) < 0 ||
	    member_text(json, "title", s->title, sizeof(s->title), err) < 0 ||
	    member_text(json, "description", s->description, sizeof(s->description), err) < 0 ||
	    member_text(json, "scoring", s->scoring, sizeof(s->scoring), err) < 0)
		return -1;
	if (!suite_name_valid(s->name))
		return error_set(err, ERROR_INVALID,
		    "suite.json:1: name: words of a-z, 0-9 and '-', with a slash between");
	return 0;
}

static int
check_counts(const cJSON *json, const struct loading *l)
{
	const cJSON *counts = json_get(json, "counts"), *c;
	size_t sum = 0;

	if (!cJSON_IsObject(counts))
		return error_set(l->err, ERROR_INVALID, "suite.json:1: counts: an object");
	json_for_each(c, counts) {
		int t = 0;

		while (t < ITEM_TASK_COUNT && strcmp(c->string, item_task_name(t)) != 0)
			t++;
		const int64_t said = json_int(counts, c->string, -1);
		if (t == ITEM_TASK_COUNT)
			return error_set(l->err, ERROR_INVALID,
			    "suite.json:1: counts: %.40s: no task type", c->string);
		if (said < 0 || (size_t)said != l->counts[t])
			return error_set(l->err, ERROR_INVALID,
			    "suite.json:1: counts: %s: there are %zu", c->string, l->counts[t]);
		sum += (size_t)said;
	}
	return sum == l->out->len ? 0
				  : error_set(l->err, ERROR_INVALID,
					"suite.json:1: counts: %zu of %zu items", sum, l->out->len);
}

static int
keep(struct loading *l, struct item *item, const char *place)
{
	struct suite *s = l->out;
	const char *first = map_get(&l->places, item->id);

	if (first != NULL)
		return error_set(l->err, ERROR_INVALID, "id: %s is the id of %s", item->id, first);
	if (s->len == SUITE_ITEMS_MAX)
		return error_set(l->err, ERROR_TOO_BIG, "more than %d items", SUITE_ITEMS_MAX);
	if (l->check != NULL && l->check(item, l->err) < 0)
		return -1;
	map_put(&l->places, item->id, str_dup(place));
	s->items = mem_realloc(s->items, (s->len + 1) * sizeof(*s->items));
	l->counts[item->task]++;
	s->items[s->len++] = *item;
	*item = (struct item){ 0 };
	return 0;
}

static int
read_line(struct loading *l, const char *text, size_t len, const char *place)
{
	struct item item = { 0 };
	int rc = -1;

	if (len > LINE_MAX_BYTES)
		error_set(l->err, ERROR_TOO_BIG, "a line of more than 4 MiB");
	else if (len == 0)
		error_set(l->err, ERROR_INVALID, "an empty line");
	else if (suite_item_parse(text, len, &l->out->files, &item, l->err) == 0)
		rc = keep(l, &item, place);
	item_done(&item);
	return rc < 0 ? error_add(l->err, "%s", place) : 0;
}

static int
read_lines(struct loading *l, const struct suite_file *f)
{
	const char *at = buf_str(&f->bytes), *end = at + f->bytes.len;

	for (int line = 1; at < end; line++) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));
		const char *stop = nl != NULL ? nl : end;
		_cleanup_free_ char *place = str_printf("%s:%d", f->name, line);

		if (read_line(l, at, (size_t)(stop - at), place) < 0)
			return -1;
		at = nl != NULL ? nl + 1 : end;
	}
	return 0;
}

static int
by_id(const void *a, const void *b)
{
	return strcmp(((const struct item *)a)->id, ((const struct item *)b)->id);
}

static int
read_suite(struct loading *l)
{
	struct suite *s = l->out;
	const struct suite_file *head = suite_files_find(&s->files, "suite.json");
	_cleanup_json_ cJSON *json = NULL;

	if (head == NULL)
		return error_set(l->err, ERROR_NOT_FOUND, "there is no suite.json");
	if (json_parse(buf_str(&head->bytes), head->bytes.len, &json, l->err) < 0)
		return error_add(l->err, "suite.json:1");
	if (read_head(json, s, l->err) < 0)
		return -1;
	for (size_t i = 0; i < s->files.len; i++) {
		const struct suite_file *f = &s->files.at[i];

		if (str_ends(f->name, ".jsonl") && strchr(f->name, '/') == NULL &&
		    read_lines(l, f) < 0)
			return -1;
	}
	if (s->len == 0)
		return error_set(
		    l->err, ERROR_INVALID, "suite.json:1: there are no items beside it");
	qsort(s->items, s->len, sizeof(*s->items), by_id);
	suite_files_digest(&s->files, s->digest);
	return check_counts(json, l);
}

int
suite_of_files(
    struct suite_files *files, suite_check_fn *check, struct suite *out, struct error *err)
{
	struct suite s = { .files = *files };
	struct loading l = { .out = &s, .check = check, .err = err };
	const char *id;
	void *place;

	*files = (struct suite_files){ 0 };
	const int rc = read_suite(&l);
	for (size_t at = 0; map_next(&l.places, &at, &id, &place);)
		free(place);
	map_done(&l.places);
	if (rc < 0) {
		suite_done(&s);
		return -1;
	}
	*out = s;
	return 0;
}

int
suite_load(const char *dir, suite_check_fn *check, struct suite *out, struct error *err)
{
	struct suite_files files = { 0 };

	if (suite_files_read(dir, &files, err) < 0) {
		suite_files_done(&files);
		return -1;
	}
	if (suite_files_find(&files, "suite.json") == NULL) {
		suite_files_done(&files);
		return error_set(err, ERROR_NOT_FOUND, "%s: there is no suite.json", dir);
	}
	return suite_of_files(&files, check, out, err);
}

void
suite_done(struct suite *s)
{
	for (size_t i = 0; i < s->len; i++)
		item_done(&s->items[i]);
	free(s->items);
	suite_files_done(&s->files);
	*s = (struct suite){ 0 };
}

const struct item *
suite_item(const struct suite *s, const char *id)
{
	size_t low = 0, high = s->len;

	while (low < high) {
		const size_t mid = low + (high - low) / 2;
		const int order = strcmp(s->items[mid].id, id);

		if (order == 0)
			return &s->items[mid];
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

int
suite_distinct(const struct suite *const *suites, size_t n, struct error *err)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1; k < n; k++)
			for (size_t at = 0; at < suites[i]->len; at++)
				if (suite_item(suites[k], suites[i]->items[at].id) != NULL)
					return error_set(err, ERROR_INVALID,
					    "id: %s is in %s and in %s", suites[i]->items[at].id,
					    suites[i]->name, suites[k]->name);
	return 0;
}

static int
by_index(const void *a, const void *b)
{
	const size_t x = *(const size_t *)a, y = *(const size_t *)b;

	return (x > y) - (x < y);
}

size_t *
suite_sample(const struct suite *s, uint64_t seed, int percent, size_t *n)
{
	size_t *at = mem_zalloc((s->len + 1) * sizeof(*at));
	const size_t wanted = (s->len * (size_t)percent + 99) / 100;

	for (size_t i = 0; i < s->len; i++)
		at[i] = i;
	*n = wanted < 1 && s->len > 0 ? 1 : wanted < s->len ? wanted : s->len;
	for (size_t i = 0; i < *n; i++) {
		const size_t other = i + (size_t)resample(&seed, s->len - i), had = at[i];

		at[i] = at[other];
		at[other] = had;
	}
	qsort(at, *n, sizeof(*at), by_index);
	return at;
}
