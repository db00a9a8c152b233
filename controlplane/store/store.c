/*
 * store.c - open and close the database, and read it.
 */
#include "controlplane/store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "controlplane/store/check.h"
#include "controlplane/store/core.h"
#include "controlplane/store/tables.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/id.h"
#include "runtime/base/str.h"
#define SQL_STATEMENTS
#include "sql_queries.h"

#include "sql_migrations.h"

#define LOOK_MS 500

const struct sql_migration store_migrations[] = {
#define X(name) { name },
	MIGRATIONS(X)
#undef X
};
const size_t store_schema = ARRAY_LEN(store_migrations);

struct store *
store_open(const char *dir, struct loop *control, struct error *err)
{
	struct store *s = mem_zalloc(sizeof(*s));

	snprintf(s->path, sizeof(s->path), "%s/janus.db", dir);
	s->control = control;
	writer_init(s);
	reserve_clear(dir);
	if (sql_open(&s->writer, s->path, true, store_migrations, store_schema, err) < 0 ||
	    sql_prepare(&s->writer, sql_statements, SQL_COUNT, err) < 0 ||
	    tally_load(&s->today, &s->writer, clock_wall_ms(), err) < 0 ||
	    writer_start(s, err) < 0) {
		sql_close(&s->writer);
		writer_done(s);
		free(s);
		return NULL;
	}
	return s;
}

static void
on_look(struct timer *t, void *arg)
{
	struct store *s = arg;

	reserve_look(&s->reserve);
	timer_set(s->control, t, LOOK_MS, on_look, s);
}

void
store_reserve(struct store *s, int64_t bytes)
{
	_cleanup_free_ char *dir = str_dup(s->path);

	*strrchr(dir, '/') = '\0';
	reserve_init(&s->reserve, dir, bytes);
	if (bytes != 0)
		timer_set(s->control, &s->look, LOOK_MS, on_look, s);
}

bool
store_is_low(const struct store *s)
{
	return reserve_is_low(&s->reserve);
}

int
store_rehearse(const char *dir, struct error *err)
{
	_cleanup_free_ char *path = str_printf("%s/janus.db", dir);

	return sql_rehearse(path, store_migrations, store_schema, sql_statements, SQL_COUNT, err);
}

int
store_take_back(struct store *s, struct error *err)
{
	return sql_revert(&s->writer, s->path, store_schema, err);
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	timer_cancel(&s->look);
	retention_stop(s->retention);
	writer_stop(s);
	sql_close(&s->writer);
	writer_done(s);
	free(s);
}

int
store_file_look(const char *path, struct sql *out, int64_t *schema, struct error *err)
{
	return sql_open(out, path, false, store_migrations, store_schema, err) < 0
	    ? -1
	    : sql_version(out, schema, err);
}

int
store_file_open(const char *path, struct sql *out, struct error *err)
{
	if (sql_open(out, path, false, store_migrations, store_schema, err) < 0)
		return -1;
	return sql_prepare(out, sql_statements, SQL_COUNT, err);
}

/* Reads use a connection of their own: the writer's belongs to its thread. */
static int
open_reader(struct store *s, struct sql *out, struct error *err)
{
	return store_file_open(s->path, out, err);
}

int
store_load(struct store *s, const struct store_rows *rows, void *arg, struct error *err)
{
	_cleanup_(sql_close) struct sql q = { 0 };

	if (open_reader(s, &q, err) < 0)
		return -1;
	return competitors_load(&q, rows, arg, err) < 0 || versions_load(&q, rows, arg, err) < 0 ||
		submissions_load(&q, rows, arg, err) < 0 || instances_load(&q, rows, arg, err) < 0
	    ? -1
	    : 0;
}

int
store_find_submission(struct store *s, const char *id, struct submission *out, struct error *err)
{
	_cleanup_(sql_close) struct sql q = { 0 };

	if (open_reader(s, &q, err) < 0)
		return -1;
	return submissions_find(&q, id, out, err);
}

int
store_events(
    struct store *s, const struct event_query *query, event_fn *fn, void *arg, struct error *err)
{
	_cleanup_(sql_close) struct sql q = { 0 };

	if (open_reader(s, &q, err) < 0)
		return -1;
	return events_load(&q, query, fn, arg, err);
}

int
store_requests(struct store *s, const struct request_query *wanted, request_fn *fn, void *arg,
    struct error *err)
{
	_cleanup_(sql_close) struct sql q = { 0 };

	if (open_reader(s, &q, err) < 0)
		return -1;
	return requests_load(&q, wanted, fn, arg, err);
}

int
store_egress(
    struct store *s, const struct egress_query *wanted, egress_fn *fn, void *arg, struct error *err)
{
	_cleanup_(sql_close) struct sql q = { 0 };

	if (open_reader(s, &q, err) < 0)
		return -1;
	return egress_load(&q, wanted, fn, arg, err);
}

int
store_egress_sums(
    struct store *s, int64_t since_day, egress_sum_fn *fn, void *arg, struct error *err)
{
	_cleanup_(sql_close) struct sql q = { 0 };

	if (open_reader(s, &q, err) < 0)
		return -1;
	return egress_load_sums(&q, since_day, fn, arg, err);
}

int
store_load_components(struct store *s, component_fn *fn, void *arg, struct error *err)
{
	_cleanup_(sql_close) struct sql q = { 0 };

	if (open_reader(s, &q, err) < 0)
		return -1;
	return component_rows_load(&q, fn, arg, err);
}

int
store_histories(
    struct store *s, const char *competitor_id, history_fn *fn, void *arg, struct error *err)
{
	_cleanup_(sql_close) struct sql q = { 0 };

	if (open_reader(s, &q, err) < 0)
		return -1;
	return histories_load(&q, competitor_id, fn, arg, err);
}

int
store_load_artifacts(struct store *s, artifact_row_fn *fn, void *arg, struct error *err)
{
	_cleanup_(sql_close) struct sql q = { 0 };

	if (open_reader(s, &q, err) < 0)
		return -1;
	return artifacts_load(&q, NULL, fn, arg, err);
}

int
store_load_artifact(
    struct store *s, const char *id, artifact_row_fn *fn, void *arg, struct error *err)
{
	_cleanup_(sql_close) struct sql q = { 0 };

	if (open_reader(s, &q, err) < 0)
		return -1;
	return artifacts_load(&q, id, fn, arg, err);
}

int
store_battles(
    struct store *s, const struct battle_query *wanted, battle_fn *fn, void *arg, struct error *err)
{
	_cleanup_(sql_close) struct sql q = { 0 };

	if (open_reader(s, &q, err) < 0)
		return -1;
	return battles_load(&q, wanted, fn, arg, err);
}

int
store_load_battles(
    struct store *s, const struct battle_rows *rows, int64_t since_ms, void *arg, struct error *err)
{
	_cleanup_(sql_close) struct sql q = { 0 };

	if (open_reader(s, &q, err) < 0)
		return -1;
	return battles_restore(&q, rows, since_ms, arg, err);
}

int
store_load_keys(
    struct store *s, const struct key_rows *rows, int64_t now_wall_ms, void *arg, struct error *err)
{
	_cleanup_(sql_close) struct sql q = { 0 };

	if (open_reader(s, &q, err) < 0)
		return -1;
	return keys_load(&q, rows, now_wall_ms, arg, err);
}

int
store_load_runs(struct store *s, const struct run_rows *rows, void *arg, struct error *err)
{
	_cleanup_(sql_close) struct sql q = { 0 };

	if (open_reader(s, &q, err) < 0)
		return -1;
	return runs_load(&q, rows, arg, err);
}

int
store_find_run(struct store *s, const char *id, struct run *out, struct error *err)
{
	_cleanup_(sql_close) struct sql q = { 0 };

	if (open_reader(s, &q, err) < 0)
		return -1;
	return runs_find(&q, id, out, err);
}

int
store_run_count(struct store *s, int64_t *n, struct error *err)
{
	_cleanup_(sql_close) struct sql q = { 0 };

	if (open_reader(s, &q, err) < 0)
		return -1;
	return runs_count(&q, n, err);
}

int
store_whole_runs(struct store *s, const char *suite, run_fn *fn, void *arg, struct error *err)
{
	_cleanup_(sql_close) struct sql q = { 0 };

	if (open_reader(s, &q, err) < 0)
		return -1;
	return runs_load_whole(&q, suite, fn, arg, err);
}

int
store_run_items(struct store *s, const char *run_id, run_item_fn *fn, void *arg, struct error *err)
{
	_cleanup_(sql_close) struct sql q = { 0 };

	if (open_reader(s, &q, err) < 0)
		return -1;
	return run_items_load(&q, run_id, fn, arg, err);
}

int
store_load_reigns(struct store *s, reign_row_fn *fn, void *arg, struct error *err)
{
	_cleanup_(sql_close) struct sql q = { 0 };

	if (open_reader(s, &q, err) < 0)
		return -1;
	return reigns_load(&q, fn, arg, err);
}

int
store_load_schedules(struct store *s, schedule_fn *fn, void *arg, struct error *err)
{
	_cleanup_(sql_close) struct sql q = { 0 };

	if (open_reader(s, &q, err) < 0)
		return -1;
	return schedules_load(&q, fn, arg, err);
}

int
store_usage(struct store *s, enum usage_by by, int64_t since_ms, usage_sum_fn *fn, void *arg,
    struct error *err)
{
	_cleanup_(sql_close) struct sql q = { 0 };

	if (open_reader(s, &q, err) < 0)
		return -1;
	return usage_load(&q, by, since_ms, fn, arg, err);
}

int
store_find_idempotency(
    struct store *s, const char *id, int64_t now_ms, struct idempotency_row *out, struct error *err)
{
	_cleanup_(sql_close) struct sql q = { 0 };

	if (open_reader(s, &q, err) < 0)
		return -1;
	return idempotency_load(&q, id, now_ms, out, err);
}

static int
node_id(struct sql *q, char out[NOUN_ID_MAX], struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *get = q->stmt[SQL_META_GET];
	_cleanup_reset_ sqlite3_stmt *put = q->stmt[SQL_META_PUT];

	sql_bind_text(get, 1, "node_id");
	const int rc = sql_step(get, err);
	if (rc < 0)
		return -1;
	if (rc == 1) {
		snprintf(out, NOUN_ID_MAX, "%s", sql_text(get, 0));
		return 0;
	}
	id_new("node", out);
	sql_bind_text(put, 1, "node_id");
	sql_bind_text(put, 2, out);
	return sql_step(put, err) < 0 ? -1 : 0;
}

int
store_node_id(struct store *s, char out[NOUN_ID_MAX], struct error *err)
{
	_cleanup_(sql_close) struct sql q = { 0 };

	if (open_reader(s, &q, err) < 0)
		return -1;
	return node_id(&q, out, err);
}

void
store_stats(struct store *s, struct store_stats *out)
{
	_cleanup_free_ char *wal = str_printf("%s-wal", s->path);
	struct stat st;

	pthread_mutex_lock(&s->lock);
	*out = s->stats;
	out->chats_today = tally_of(&s->today, clock_wall_ms());
	pthread_mutex_unlock(&s->lock);
	out->busy = s->busy;
	out->low = store_is_low(s);
	out->reserve_used = s->reserve.released;
	out->db_bytes = stat(s->path, &st) == 0 ? st.st_size : 0;
	out->wal_bytes = stat(wal, &st) == 0 ? st.st_size : 0;
}

const struct metric_histogram *
store_writes(const struct store *s)
{
	return &s->writes;
}
