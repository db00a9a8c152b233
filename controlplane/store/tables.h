/*
 * tables.h - one pair of functions a table (internal to store/).
 *
 * Each write takes its row as void * so that a batch can hold any of them.
 */
#ifndef JANUS_STORE_TABLES_H
#define JANUS_STORE_TABLES_H
#include "controlplane/store/artifacts.h"
#include "controlplane/store/battles.h"
#include "controlplane/store/components.h"
#include "controlplane/store/egress.h"
#include "controlplane/store/histories.h"
#include "controlplane/store/idempotency.h"
#include "controlplane/store/keys.h"
#include "controlplane/store/reigns.h"
#include "controlplane/store/schedules.h"
#include "controlplane/store/store.h"
#include "runtime/sql/sql.h"

typedef int table_write_fn(struct sql *, const void *row, struct error *);

int competitors_write(struct sql *, const void *row, struct error *);
int competitors_load(struct sql *, const struct store_rows *, void *arg, struct error *);
int versions_write(struct sql *, const void *row, struct error *);
int versions_load(struct sql *, const struct store_rows *, void *arg, struct error *);
int submissions_write(struct sql *, const void *row, struct error *);
int submissions_load(struct sql *, const struct store_rows *, void *arg, struct error *);
int submissions_find(struct sql *, const char *id, struct submission *out, struct error *);
int instances_write(struct sql *, const void *row, struct error *);
int instances_load(struct sql *, const struct store_rows *, void *arg, struct error *);
/** usage_write - a chat that cost so much, whatever its row says. */
int usage_write(struct sql *, const struct usage_row *, int64_t cost_micro_usd, struct error *);
int usage_load(
    struct sql *, enum usage_by, int64_t since_ms, usage_sum_fn *, void *arg, struct error *);
int keys_write(struct sql *, const void *row, struct error *);
int keys_load(struct sql *, const struct key_rows *, int64_t now_ms, void *arg, struct error *);
int idempotency_write(struct sql *, const void *row, struct error *);
int idempotency_load(
    struct sql *, const char *id, int64_t now_ms, struct idempotency_row *out, struct error *);
int requests_load(
    struct sql *, const struct request_query *, request_fn *, void *arg, struct error *);
int egress_write(struct sql *, const void *row, struct error *);
int egress_load(struct sql *, const struct egress_query *, egress_fn *, void *arg, struct error *);
int egress_load_sums(struct sql *, int64_t since_day, egress_sum_fn *, void *arg, struct error *);
int components_write(struct sql *, const void *row, struct error *);
int component_rows_load(struct sql *, component_fn *, void *arg, struct error *);
int histories_write(struct sql *, const void *row, struct error *);
int histories_load(
    struct sql *, const char *competitor_id, history_fn *, void *arg, struct error *);
int artifacts_write(struct sql *, const void *row, struct error *);
int artifacts_delete(struct sql *, const void *row, struct error *);
int artifacts_load(struct sql *, const char *id, artifact_row_fn *, void *arg, struct error *);
int runs_write(struct sql *, const void *row, struct error *);
int runs_load(struct sql *, const struct run_rows *, void *arg, struct error *);
int runs_find(struct sql *, const char *id, struct run *out, struct error *);
int runs_count(struct sql *, int64_t *n, struct error *);
int runs_load_whole(struct sql *, const char *suite, run_fn *, void *arg, struct error *);
int run_items_write(struct sql *, const void *row, struct error *);
int run_items_load(struct sql *, const char *run_id, run_item_fn *, void *arg, struct error *);
int reigns_write(struct sql *, const void *row, struct error *);
int reigns_load(struct sql *, reign_row_fn *, void *arg, struct error *);
int schedules_write(struct sql *, const void *row, struct error *);
int schedules_load(struct sql *, schedule_fn *, void *arg, struct error *);
int battles_write(struct sql *, const void *row, struct error *);
struct battle_sweep {
	int64_t now_ms, before_ms;
};
int battles_sweep(struct sql *, const void *row, struct error *);
int battles_load(struct sql *, const struct battle_query *, battle_fn *, void *arg, struct error *);
int battles_restore(
    struct sql *, const struct battle_rows *, int64_t since_ms, void *arg, struct error *);
int events_write(struct sql *, const void *row, struct error *);
int events_load(struct sql *, const struct event_query *, event_fn *, void *arg, struct error *);

/* Statement helpers: bind or read the next column. */
struct columns {
	sqlite3_stmt *q;
	int at; /* of the last one bound or read */
};
void put_text(struct columns *, const char *value);
void put_int(struct columns *, int64_t value);
void get_text(struct columns *, char *out, size_t cap);
char *get_dup(struct columns *);
int64_t get_int(struct columns *);
/** write_done - step a write statement that returns no row. */
int write_done(struct columns *, struct error *);
#endif
