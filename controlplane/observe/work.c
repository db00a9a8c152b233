/*
 * work.c - counters of pulls and starts, and of what pods use; and what an item of a run was.
 */
#include "controlplane/observe/work.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define ROWS_MAX 200 /* then "other" */

static const struct metric_buckets seconds = { 12,
	{ 0.25, 0.5, 1, 2, 4, 8, 16, 30, 60, 120, 300, 900 } };

struct row {
	uint64_t starts[2]; /* [1]: that went well */
	struct metric_histogram start;
	uint64_t cpu_us; /* of all its instances, past ones too */
	uint64_t memory_bytes; /* of those there are */
	bool used;
	uint64_t standing[INSTANCE_STATE_COUNT]; /* instances there are */
};

struct used { /* of one instance */
	uint64_t cpu_us;
	bool seen;
};

void
works_init(struct works *w)
{
	*w = (struct works){ 0 };
	pthread_mutex_init(&w->lock, NULL);
}

static struct row *
row_of(struct works *w, const char *slug)
{
	struct row *row = map_get(&w->rows, slug);

	if (row != NULL)
		return row;
	if (w->rows.len >= ROWS_MAX && strcmp(slug, "other") != 0)
		return row_of(w, "other");
	row = mem_zalloc(sizeof(*row));
	map_put(&w->rows, slug, row);
	return row;
}

bool
work_of_item(struct work_record *w, const struct run *r, const struct run_item *i)
{
	_cleanup_json_ cJSON *line = NULL;

	*w = (struct work_record){ .kind = WORK_ITEM };
	if (i->result == NULL || json_parse(i->result, strlen(i->result), &line, NULL) < 0 ||
	    json_str(line, "started_at") == NULL)
		return false;
	w->at_ms = clock_parse(json_str(line, "started_at"));
	w->duration_ms = i->at_ms - w->at_ms;
	if (w->at_ms < 0 || w->duration_ms < 0)
		return false;
	const double asked_ms = json_num(json_get(line, "measured"), "duration_ms", NAN) +
	    json_num(line, "platform_ms", 0); /* not its time, but time */
	if (asked_ms >= 0 && asked_ms < (double)w->duration_ms)
		w->tail_ms = w->duration_ms - (int64_t)asked_ms;
	w->ok = !str_eq(i->state, "error");
	w->quality = json_num(json_get(line, "scores"), "quality", NAN);
	str_copy(w->competitor, sizeof(w->competitor), r->slug);
	str_copy(w->id, sizeof(w->id), r->id);
	str_copy(w->digest, sizeof(w->digest), r->digest);
	str_copy(w->suite, sizeof(w->suite), r->suite);
	str_copy(w->item, sizeof(w->item), i->item);
	str_copy(w->state, sizeof(w->state), i->state);
	str_copy(w->reason, sizeof(w->reason), json_str(line, "code"));
	if (str_starts(r->suite, "public/"))
		str_copy(w->why, sizeof(w->why), json_str(line, "why"));
	return true;
}

void
works_add(struct works *w, const struct work_record *r)
{
	const uint64_t us = (uint64_t)r->duration_ms * 1000;

	pthread_mutex_lock(&w->lock);
	if (r->kind == WORK_PULL) {
		metric_observe_us(&w->pulls[r->ok], &seconds, us);
		metric_add(&w->pulled_bytes[r->ok], (uint64_t)r->bytes);
	} else {
		struct row *row = row_of(w, r->competitor);

		row->starts[r->ok]++;
		if (r->ok)
			metric_observe_us(&row->start, &seconds, us);
	}
	pthread_mutex_unlock(&w->lock);
}

/* Drop what the last round did not see. */
static void
forget_unseen(struct works *w)
{
	const char *key;
	void *value;

	for (size_t at = 0; map_next(&w->instances, &at, &key, &value);)
		if (!((struct used *)value)->seen) {
			free(map_remove(&w->instances, key));
			at = 0; /* the table has changed */
		}
}

void
works_look(struct works *w)
{
	const char *key;
	void *value;

	pthread_mutex_lock(&w->lock);
	forget_unseen(w);
	for (size_t at = 0; map_next(&w->instances, &at, &key, &value);)
		((struct used *)value)->seen = false;
	for (size_t at = 0; map_next(&w->rows, &at, &key, &value);)
		((struct row *)value)->memory_bytes = 0;
	pthread_mutex_unlock(&w->lock);
}

void
works_used(struct works *w, const char *competitor, const char *instance, uint64_t cpu_us,
    uint64_t memory_bytes)
{
	pthread_mutex_lock(&w->lock);
	struct row *row = row_of(w, competitor);
	struct used *u = map_get(&w->instances, instance);
	if (u == NULL) {
		u = mem_zalloc(sizeof(*u));
		map_put(&w->instances, instance, u);
	}
	/* A restarted one begins at zero again. */
	row->cpu_us += cpu_us >= u->cpu_us ? cpu_us - u->cpu_us : cpu_us;
	row->memory_bytes += memory_bytes;
	row->used = true;
	u->cpu_us = cpu_us;
	u->seen = true;
	pthread_mutex_unlock(&w->lock);
}

void
works_stand(struct works *w, const struct work_standing *all, size_t n)
{
	const char *key;
	void *value;

	pthread_mutex_lock(&w->lock);
	for (size_t at = 0; map_next(&w->rows, &at, &key, &value);) {
		struct row *row = value;

		memset(row->standing, 0, sizeof(row->standing));
	}
	for (size_t i = 0; i < n; i++)
		row_of(w, all[i].competitor)->standing[all[i].state]++;
	pthread_mutex_unlock(&w->lock);
}

static void
rows_text(
    struct works *w, struct buf *out, void (*add)(struct buf *, const char *labels, struct row *))
{
	_cleanup_buf_ struct buf labels = { 0 };
	const char *slug;
	void *row;

	for (size_t at = 0; map_next(&w->rows, &at, &slug, &row);) {
		buf_clear(&labels);
		metrics_label(&labels, "competitor", slug);
		add(out, buf_str(&labels), row);
	}
}

static void
add_standing(struct buf *out, const char *labels, struct row *row)
{
	for (int i = 0; i < INSTANCE_STATE_COUNT; i++) {
		_cleanup_buf_ struct buf both = { 0 };

		buf_printf(
		    &both, "%s,state=\"%s\"", labels, instance_state_name((enum instance_state)i));
		metrics_value(out, "janus_instances", buf_str(&both), (double)row->standing[i]);
	}
}

static void
add_starts(struct buf *out, const char *labels, struct row *row)
{
	static const char *const results[] = { "failed", "ok" };

	for (int ok = 0; ok < 2; ok++) {
		_cleanup_buf_ struct buf both = { 0 };

		buf_printf(&both, "%s,result=\"%s\"", labels, results[ok]);
		metrics_value(
		    out, "janus_instance_starts_total", buf_str(&both), (double)row->starts[ok]);
	}
}

static void
add_start(struct buf *out, const char *labels, struct row *row)
{
	metrics_histogram(out, "janus_instance_start_seconds", labels, &seconds, &row->start);
}

static void
add_cpu(struct buf *out, const char *labels, struct row *row)
{
	if (row->used)
		metrics_value(
		    out, "janus_instance_cpu_seconds_total", labels, (double)row->cpu_us / 1e6);
}

static void
add_memory(struct buf *out, const char *labels, struct row *row)
{
	if (row->used)
		metrics_value(
		    out, "janus_instance_memory_bytes", labels, (double)row->memory_bytes);
}

void
works_metrics(struct works *w, struct buf *out)
{
	static const char *const results[] = { "result=\"failed\"", "result=\"ok\"" };

	pthread_mutex_lock(&w->lock);
	metrics_head(out, "janus_instances", "gauge", "Instances by state.");
	rows_text(w, out, add_standing);
	metrics_head(out, "janus_instance_starts_total", "counter",
	    "Starts of instances, by whether they became ready.");
	rows_text(w, out, add_starts);
	metrics_head(out, "janus_instance_start_seconds", "histogram",
	    "From the decision to start an instance until it is ready.");
	rows_text(w, out, add_start);
	metrics_head(out, "janus_instance_cpu_seconds_total", "counter",
	    "Processor time of a competitor's instances.");
	rows_text(w, out, add_cpu);
	metrics_head(out, "janus_instance_memory_bytes", "gauge",
	    "Memory of a competitor's instances, caches not counted.");
	rows_text(w, out, add_memory);
	metrics_head(out, "janus_image_pull_seconds", "histogram", "Pulls of images.");
	for (int ok = 0; ok < 2; ok++)
		metrics_histogram(
		    out, "janus_image_pull_seconds", results[ok], &seconds, &w->pulls[ok]);
	metrics_head(out, "janus_image_pull_bytes_total", "counter", "Bytes of images pulled.");
	for (int ok = 0; ok < 2; ok++)
		metrics_value(
		    out, "janus_image_pull_bytes_total", results[ok], (double)w->pulled_bytes[ok]);
	pthread_mutex_unlock(&w->lock);
}

static void
free_values(struct map *map)
{
	const char *key;
	void *value;

	for (size_t at = 0; map_next(map, &at, &key, &value);)
		free(value);
	map_done(map);
}

void
works_done(struct works *w)
{
	free_values(&w->rows);
	free_values(&w->instances);
	pthread_mutex_destroy(&w->lock);
}
