/*
 * filter.c - choose and order the objects of a list.
 */
#include "controlplane/ctl/filter.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define SORT_KEYS_MAX 8

static const cJSON *
field(const cJSON *object, const char *path)
{
	const cJSON *value = NULL;

	while (*path != '\0') {
		const size_t len = strcspn(path, "|");
		_cleanup_free_ char *one = str_ndup(path, len);

		value = json_path(object, one);
		if (value != NULL && !cJSON_IsNull(value))
			break;
		path += len + (path[len] == '|');
	}
	return value;
}

void
ctl_value_text(struct buf *out, const cJSON *value)
{
	_cleanup_free_ char *text = NULL;

	if (value == NULL || cJSON_IsNull(value))
		return;
	if (cJSON_IsString(value)) {
		buf_add_str(out, value->valuestring);
		return;
	}
	text = json_print(value);
	buf_add_str(out, text);
}

void
ctl_field_text(struct buf *out, const cJSON *object, const char *path)
{
	ctl_value_text(out, field(object, path));
}

const char *
ctl_field_path(const struct ctl_kind *kind, const char *key)
{
	for (size_t i = 0; i < kind->columns_len; i++)
		if (str_eq(kind->columns[i].title, key))
			return kind->columns[i].path;
	return key;
}

static bool
has_field(const cJSON *object, const char *path)
{
	const char *bar = strchr(path, '|');
	_cleanup_free_ char *first =
	    str_ndup(path, bar == NULL ? strlen(path) : (size_t)(bar - path));

	return json_path(object, first) != NULL || (bar != NULL && has_field(object, bar + 1));
}

static int
check_key(const cJSON *data, const struct ctl_kind *kind, const char *key, struct error *err)
{
	const char *path = ctl_field_path(kind, key);
	const char *titles[64] = { 0 };
	const char *meant;
	const cJSON *item;

	if (path != key || cJSON_GetArraySize(data) == 0)
		return 0;
	for (size_t i = 0; i < kind->columns_len; i++)
		if (str_eq(kind->columns[i].path, key))
			return 0;
	json_for_each(item, data) {
		if (has_field(item, path))
			return 0;
	}
	for (size_t i = 0; i < kind->columns_len && i < ARRAY_LEN(titles) - 1; i++)
		titles[i] = kind->columns[i].title;
	meant = options_nearest(key, titles);
	return error_set(err, ERROR_INVALID, "no field '%.60s'%s%s%s", key,
	    meant == NULL ? "" : "; did you mean '", meant == NULL ? "" : meant,
	    meant == NULL ? "" : "'?");
}

enum term_op { TERM_IS, TERM_IS_NOT, TERM_LIKE };

struct term {
	char *key; /* owned */
	enum term_op op;
	const char *value;
};

static void
term_done(struct term *t)
{
	free(t->key);
}

static int
parse_term(const char *text, struct term *out, struct error *err)
{
	const char *equals = strchr(text, '=');
	size_t len;

	if (equals == NULL || equals == text)
		return error_set(err, ERROR_INVALID,
		    "--filter takes KEY=VALUE, KEY!=VALUE or KEY~=GLOB, not '%.60s'", text);
	len = (size_t)(equals - text);
	out->op = equals[-1] == '!' ? TERM_IS_NOT : equals[-1] == '~' ? TERM_LIKE : TERM_IS;
	if (out->op != TERM_IS)
		len--;
	if (len == 0)
		return error_set(err, ERROR_INVALID, "--filter '%.60s' has no key", text);
	out->key = str_ndup(text, len);
	out->value = equals + 1;
	return 0;
}

static bool
fits(const cJSON *item, const char *path, const struct term *t)
{
	_cleanup_buf_ struct buf text = { 0 };

	ctl_field_text(&text, item, path);
	switch (t->op) {
	case TERM_IS: return str_eq(buf_str(&text), t->value);
	case TERM_IS_NOT: return !str_eq(buf_str(&text), t->value);
	case TERM_LIKE: return str_glob(t->value, buf_str(&text));
	}
	return false;
}

int
ctl_filter(
    cJSON *data, const struct ctl_kind *kind, const struct option_list *terms, struct error *err)
{
	for (size_t i = 0; i < terms->len; i++) {
		_cleanup_(term_done) struct term t = { 0 };
		cJSON *next;

		if (parse_term(terms->at[i], &t, err) < 0 || check_key(data, kind, t.key, err) < 0)
			return -1;
		for (cJSON *item = data->child; item != NULL; item = next) {
			next = item->next;
			if (!fits(item, ctl_field_path(kind, t.key), &t))
				cJSON_Delete(cJSON_DetachItemViaPointer(data, item));
		}
	}
	return 0;
}

struct sort_key {
	const char *path;
	bool turned;
};

struct sort_row {
	cJSON *item;
	size_t at; /* where it was: keeps the order of equals */
	const struct sort_key *keys;
	size_t keys_len;
};

static int
compare_field(const cJSON *a, const cJSON *b, const struct sort_key *key)
{
	const cJSON *x = field(a, key->path), *y = field(b, key->path);
	const bool no_x = x == NULL || cJSON_IsNull(x), no_y = y == NULL || cJSON_IsNull(y);
	int order;

	if (no_x || no_y)
		return no_x - no_y;
	if (cJSON_IsNumber(x) && cJSON_IsNumber(y)) {
		order = (x->valuedouble > y->valuedouble) - (x->valuedouble < y->valuedouble);
	} else {
		_cleanup_buf_ struct buf s = { 0 }, t = { 0 };

		ctl_field_text(&s, a, key->path);
		ctl_field_text(&t, b, key->path);
		order = strcmp(buf_str(&s), buf_str(&t));
	}
	return key->turned ? -order : order;
}

static int
compare_rows(const void *a, const void *b)
{
	const struct sort_row *x = a, *y = b;

	for (size_t i = 0; i < x->keys_len; i++) {
		const int order = compare_field(x->item, y->item, &x->keys[i]);

		if (order != 0)
			return order;
	}
	return (x->at > y->at) - (x->at < y->at);
}

static int
parse_sort(char *spec, const cJSON *data, const struct ctl_kind *kind, struct sort_key *keys,
    size_t *len, struct error *err)
{
	char *rest = NULL;

	for (char *word = strtok_r(spec, ",", &rest); word != NULL;
	     word = strtok_r(NULL, ",", &rest)) {
		const bool turned = word[0] == '-';

		if (*len == SORT_KEYS_MAX)
			return error_set(
			    err, ERROR_INVALID, "--sort takes at most %d fields", SORT_KEYS_MAX);
		if (check_key(data, kind, word + turned, err) < 0)
			return error_add(err, "--sort");
		keys[(*len)++] = (struct sort_key){ ctl_field_path(kind, word + turned), turned };
	}
	return *len > 0 ? 0 : error_set(err, ERROR_INVALID, "--sort takes [-]KEY[,...]");
}

int
ctl_sort(cJSON *data, const struct ctl_kind *kind, const char *spec, struct error *err)
{
	const size_t n = (size_t)cJSON_GetArraySize(data);
	_cleanup_free_ struct sort_row *rows = mem_zalloc((n + 1) * sizeof(*rows));
	_cleanup_free_ char *words = str_dup(spec);
	struct sort_key keys[SORT_KEYS_MAX];
	size_t keys_len = 0;

	if (parse_sort(words, data, kind, keys, &keys_len, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		rows[i] =
		    (struct sort_row){ cJSON_DetachItemFromArray(data, 0), i, keys, keys_len };
	qsort(rows, n, sizeof(*rows), compare_rows);
	for (size_t i = 0; i < n; i++)
		cJSON_AddItemToArray(data, rows[i].item);
	return 0;
}

int64_t
ctl_time_parse(const char *text, int64_t now_ms, struct error *err)
{
	int64_t ms;

	if (str_parse_duration(text, &ms, NULL) == 0)
		return ms > now_ms ? 0 : now_ms - ms;
	ms = clock_parse(text);
	if (ms < 0)
		error_set(err, ERROR_INVALID,
		    "'%.40s' is no time such as 2026-01-31T00:00:00Z, and no span such as 7d",
		    text);
	return ms;
}

int64_t
ctl_made_ms(const cJSON *object)
{
	const char *at = json_str(object, "created_at");

	if (at == NULL)
		at = json_str(object, "at");
	return at != NULL ? clock_parse(at) : -1;
}

void
ctl_within(cJSON *data, int64_t since_ms, int64_t until_ms)
{
	for (cJSON *item = data->child, *next; item != NULL; item = next) {
		const int64_t ms = ctl_made_ms(item);

		next = item->next;
		if ((since_ms >= 0 && ms < since_ms) || (until_ms >= 0 && ms > until_ms))
			cJSON_Delete(cJSON_DetachItemViaPointer(data, item));
	}
}

void
ctl_cut(cJSON *data, size_t n)
{
	cJSON *item = n == 0 ? NULL : cJSON_GetArrayItem(data, (int)n);

	while (item != NULL) {
		cJSON *next = item->next;

		cJSON_Delete(cJSON_DetachItemViaPointer(data, item));
		item = next;
	}
}
