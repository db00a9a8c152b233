/*
 * account.c - the day's meters, and the file they are kept in.
 */
#include "controlplane/platform/account.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"

#define FILE_MAX_BYTES (16 << 20)

struct account *
account_of(struct accounts *all, const char *competitor, int64_t wall_ms)
{
	struct account *a = map_get(&all->by_competitor, competitor);
	const int64_t day = wall_ms / DAY_MS;
	const char *name;
	size_t at = 0;
	void *each;

	if (day != all->day) /* a new one; what is held goes over into it */
		while (map_next(&all->by_competitor, &at, &name, &each))
			memset(
			    &((struct account *)each)->day.spent, 0, sizeof(struct quota_amounts));
	all->day = day;
	if (a == NULL) {
		a = mem_zalloc(sizeof(*a));
		map_put(&all->by_competitor, competitor, a);
	}
	return a;
}

char *
accounts_text(const struct accounts *all)
{
	_cleanup_json_ cJSON *json = cJSON_CreateObject();
	cJSON *list = NULL;
	const char *name;
	size_t at = 0;
	void *each;

	json_add_int(json, "day", all->day);
	list = json_add_obj(json, "competitors");
	while (map_next(&all->by_competitor, &at, &name, &each)) {
		const struct quota_meter *m = &((const struct account *)each)->day;
		cJSON *amounts = json_add_arr(list, name);

		for (int i = 0; i < QUOTA_COUNT; i++)
			cJSON_AddItemToArray(amounts,
			    cJSON_CreateNumber((double)m->spent.of[i] + (double)m->held.of[i]));
	}
	return json_print(json);
}

int
accounts_read(
    struct accounts *all, const char *text, size_t len, int64_t wall_ms, struct error *err)
{
	_cleanup_json_ cJSON *json = NULL;
	const cJSON *item;

	if (json_parse(text, len, &json, err) < 0)
		return -1;
	if (json_int(json, "day", -1) != wall_ms / DAY_MS)
		return 0; /* another day's */
	json_for_each(item, json_get(json, "competitors")) {
		if (item->string == NULL || cJSON_GetArraySize(item) != QUOTA_COUNT)
			return error_set(err, ERROR_INVALID, "an account has another form");
		struct account *a = account_of(all, item->string, wall_ms);

		for (int i = 0; i < QUOTA_COUNT; i++) {
			const cJSON *n = cJSON_GetArrayItem(item, i);

			if (!cJSON_IsNumber(n) || !(n->valuedouble >= 0 && n->valuedouble < 9e18))
				return error_set(err, ERROR_INVALID, "an account has another form");
			a->day.spent.of[i] = (int64_t)n->valuedouble;
		}
	}
	return 0;
}

/* ---- the file ---- */

static int
write_unsynced(const char *path, const char *text, struct error *err)
{
	_cleanup_free_ char *fresh = str_printf("%s.new", path);
	_cleanup_fclose_ FILE *f = fopen(fresh, "we");

	if (f == NULL || fputs(text, f) < 0 || fflush(f) != 0 || rename(fresh, path) < 0)
		return error_errno(err, "%s", fresh);
	return 0;
}

static void
on_save(struct turn_end *t, void *arg)
{
	struct accounts *all = arg;
	_cleanup_free_ char *text = accounts_text(all);
	struct error err = { 0 };

	(void)t;
	if (write_unsynced(all->path, text, &err) < 0)
		log_error("accounts.write_failed", F_STR("error", err.text));
}

void
accounts_changed(struct accounts *all)
{
	if (all->path != NULL)
		loop_at_turn_end(all->loop, &all->save, on_save, all);
}

void
accounts_open(struct accounts *all, struct loop *loop, const char *path)
{
	_cleanup_free_ char *text = NULL;
	struct error err = { 0 };
	size_t len;

	all->loop = loop;
	all->path = str_dup(path);
	if (access(path, F_OK) == 0 &&
	    (file_read(path, FILE_MAX_BYTES, &text, &len, &err) < 0 ||
		accounts_read(all, text, len, clock_wall_ms(), &err) < 0))
		log_error("accounts.unreadable", F_STR("file", path), F_STR("error", err.text));
}

void
accounts_close(struct accounts *all)
{
	struct error err = { 0 };
	const char *name = NULL;
	size_t at = 0;
	void *each;

	turn_end_cancel(&all->save);
	if (all->path != NULL) {
		_cleanup_free_ char *text = accounts_text(all);

		if (file_write(all->path, text, strlen(text), 0600, &err) < 0)
			log_error("accounts.write_failed", F_STR("error", err.text));
	}
	while (map_next(&all->by_competitor, &at, &name, &each))
		free(each);
	map_done(&all->by_competitor);
	free(TAKE(all->path));
}
