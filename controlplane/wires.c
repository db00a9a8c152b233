/*
 * wires.c - what one module says, to those whom it concerns.
 */
#include "controlplane/janus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/api/api.h"
#include "controlplane/artifacts/artifacts.h"
#include "controlplane/certificate.h"
#include "controlplane/config.h"
#include "controlplane/gateway/find.h"
#include "controlplane/gateway/gateway.h"
#include "controlplane/gateway/limit.h"
#include "controlplane/observe/egress.h"
#include "controlplane/observe/observer.h"
#include "controlplane/observe/recorder.h"
#include "controlplane/observe/requests.h"
#include "controlplane/observe/usage.h"
#include "controlplane/observe/work.h"
#include "controlplane/registry/keys.h"
#include "controlplane/registry/registry.h"
#include "controlplane/registry/routes.h"
#include "controlplane/schedule/scheduler.h"
#include "controlplane/schedule/champion.h"
#include "controlplane/schedule/arena_table.h"
#include "controlplane/store/battles.h"
#include "controlplane/store/egress.h"
#include "controlplane/store/store.h"
#include "controlplane/supervise/broker.h"
#include "controlplane/supervise/supervisor.h"
#include "controlplane/takeover.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/disk.h"
#include "runtime/base/metrics.h"
#include "runtime/base/str.h"
#include "runtime/engine/engine.h"
#include "runtime/loop/loop.h"
#include "runtime/net/http_server.h"
#include "runtime/net/url.h"

void
wire_status(void *arg)
{
	struct janus *j = arg;
	const struct registry *reg = &j->registry;
	_cleanup_free_ struct work_standing *standing =
	    mem_zalloc((reg->ninstances + 1) * sizeof(*standing));

	for (size_t i = 0; i < reg->ninstances; i++) {
		const struct competitor *c =
		    registry_competitor(reg, reg->instances[i]->competitor_id);

		standing[i] =
		    (struct work_standing){ c != NULL ? c->slug : "", reg->instances[i]->state };
	}
	works_stand(&j->works, standing, reg->ninstances);
	pthread_mutex_lock(&j->summary_lock);
	memset(j->summary.submissions, 0, sizeof(j->summary.submissions));
	j->summary.engine_ok = supervisor_engine(j->supervisor)->ok;
	j->summary.isolated = supervisor_canary(j->supervisor)->state == CANARY_CONTAINED;
	for (size_t i = 0; i < reg->nsubmissions; i++)
		j->summary.submissions[reg->submissions[i]->state]++;
	pthread_mutex_unlock(&j->summary_lock);
}

struct news { /* for one lane; references of its own */
	struct gateway *gateway;
	struct routes *routes; /* NULL: as they were */
	struct keys *keys; /* the same */
};

static void
take_news(void *arg)
{
	struct news *n = arg;

	if (n->routes != NULL)
		gateway_set_routes(n->gateway, n->routes);
	if (n->keys != NULL)
		gateway_set_keys(n->gateway, n->keys);
	free(n);
}

static void
tell_lanes(const struct janus *j, struct routes *routes, struct keys *keys)
{
	for (unsigned i = 0; i < j->nlanes; i++) {
		struct news *n = mem_zalloc(sizeof(*n));

		n->gateway = j->lanes[i].gateway;
		n->routes = routes != NULL ? routes_ref(routes) : NULL;
		n->keys = keys != NULL ? keys_ref(keys) : NULL;
		loop_post(j->lanes[i].loop, take_news, n);
	}
}

void
wire_routes(struct routes *routes, void *arg)
{
	struct janus *j = arg;

	size_t ready = 0;

	for (size_t i = 0; i < routes->len; i++)
		ready += routes->at[i].ntargets > 0 || routes->at[i].wakes;
	pthread_mutex_lock(&j->summary_lock);
	j->summary.routes = routes->len;
	j->summary.routes_ready = ready;
	pthread_mutex_unlock(&j->summary_lock);
	tell_lanes(j, routes, NULL);
	routes_unref(routes);
	wire_status(j);
}

void
wire_keys(struct keys *keys, void *arg)
{
	struct janus *j = arg;

	tell_lanes(j, NULL, keys);
	keys_unref(keys);
}

void
wire_submission(const struct submission *s, void *arg)
{
	struct janus *j = arg;

	api_submission_changed(j->api, s);
	if (s->state == SUBMISSION_READY)
		scheduler_accepted(j->scheduler, s);
}

void
wire_run(const struct run *r, void *arg)
{
	struct janus *j = arg;

	api_run_changed(j->api, r);
	if (r->state == RUN_FINISHED)
		champion_run_finished(j->champion, r);
}

void
wire_item(const struct run *r, const struct run_item *i, void *arg)
{
	struct janus *j = arg;
	struct work_record w;

	if (observer_traces(j->observer) && work_of_item(&w, r, i))
		observer_work(j->observer, &w);
}

static void
on_usage(const struct gateway_usage *u, void *arg)
{
	struct janus *j = arg;
	const struct usage_row row = usage_row_of(u);

	store_add_usage(j->store, &row);
	recorder_settle(u->tap, u);
	observer_usage(j->observer, u);
	champion_chat(j->champion, u);
}

/* ---- what the broker says ---- */

static void
on_platform_call(const struct egress_row *row, void *arg)
{
	struct janus *j = arg;

	egress_count(j->egress, row);
	observer_call(j->observer, row);
	store_add_egress(j->store, row);
}

void
wire_late_cost(const struct late_cost *cost, void *arg)
{
	struct janus *j = arg;
	const struct held_key *h = key_ring_id(&j->keys, cost->key_id);

	if (h != NULL)
		limit_charge(h->meter, cost->at_ms, cost->beyond_micro_usd, cost->micro_usd);
}

static void
on_chat_found(bool runs, const char *instance, const char *id, void *arg)
{
	struct janus *j = arg;

	/* One that began before we took over runs there. */
	if (runs || !takeover_ask_chat(j->before, instance, id))
		supervisor_answer_broker(j->supervisor, instance, id, runs);
}

static void
on_chat_question(const char *instance, const char *id, void *arg)
{
	struct janus *j = arg;

	gateway_find_chat(j->gateways[0], instance, id, j->control, on_chat_found, j);
}

const struct broker_events wire_broker_events = { on_platform_call, on_chat_question };

struct demand {
	struct janus *janus;
	char competitor[NOUN_ID_MAX];
};

static void
tell_demand(void *arg)
{
	struct demand *d = arg;

	supervisor_demand(d->janus->supervisor, d->competitor);
	free(d);
}

static void
on_demand(const char *competitor, void *arg)
{
	struct demand *d = mem_zalloc(sizeof(*d));

	d->janus = arg;
	str_copy(d->competitor, sizeof(d->competitor), competitor);
	loop_post(d->janus->control, tell_demand, d);
}

/* ---- battles ---- */

static uint64_t
count_battles(const char *competitor, void *arg)
{
	const struct janus *j = arg;

	return arena_table_battles(j->arena, competitor);
}

struct battle_news {
	struct janus *janus;
	struct battle row;
};

static void
take_battle(void *arg)
{
	struct battle_news *n = arg;
	struct janus *j = n->janus;

	if (n->row.state == BATTLE_RUNNING)
		arena_table_begin(j->arena, &n->row);
	else
		arena_table_end(j->arena, &n->row);
	if (!j->closed) { /* else the next start finds it running, and lost */
		struct store_batch *batch = store_batch_new();

		store_put_battle(batch, &n->row);
		store_commit(j->store, batch, NULL, NULL);
	}
	free(n);
}

static void
on_battle(const struct battle *row, void *arg)
{
	struct battle_news *n = mem_zalloc(sizeof(*n));

	n->janus = arg;
	n->row = *row;
	loop_post(n->janus->control, take_battle, n);
}

static bool
is_low(void *arg)
{
	const struct janus *j = arg;

	return store_is_low(j->store);
}

struct battle_question {
	struct janus *janus;
	char id[NOUN_ID_MAX];
	struct battle row;
	bool found;
};

static void
take_row(const struct battle *row, void *arg)
{
	struct battle_question *q = arg;

	q->row = *row;
	q->found = true;
}

static void
read_battle(void *arg)
{
	struct battle_question *q = arg;
	const struct battle_query query = { .id = q->id, .limit = 1 };

	store_battles(q->janus->store, &query, take_row, q, NULL);
}

static void
battle_read(void *arg)
{
	struct battle_question *q = arg;
	struct arena_table *arena = q->janus->arena;

	if (q->found && arena_table_find(arena, q->id) == NULL)
		arena_table_restore(arena, &q->row);
	else if (q->found && q->row.state != BATTLE_RUNNING)
		arena_table_end(arena, &q->row);
	free(q);
}

void
wire_learn_battle(struct janus *j, const char *id)
{
	struct battle_question *q = mem_zalloc(sizeof(*q));

	q->janus = j;
	str_copy(q->id, sizeof(q->id), id);
	worker_run(j->workers, j->control, read_battle, battle_read, q);
}

static struct relay_tap *
on_capture(const struct gateway_capture *about, void *arg)
{
	struct janus *j = arg;

	return recorder_begin(j->recorder, about);
}

void
wire_work(const struct supervisor_work *w, void *arg)
{
	struct janus *j = arg;
	struct work_record r = {
		.kind = w->is_pull ? WORK_PULL : WORK_START,
		.ok = w->ok,
		.at_ms = clock_wall_ms() - w->duration_ms,
		.duration_ms = w->duration_ms,
		.tail_ms = w->health_ms,
		.bytes = w->bytes,
	};

	snprintf(r.competitor, sizeof(r.competitor), "%s", w->competitor);
	snprintf(r.id, sizeof(r.id), "%s", w->id);
	snprintf(r.image, sizeof(r.image), "%s", w->image);
	snprintf(r.digest, sizeof(r.digest), "%s", w->digest);
	snprintf(r.reason, sizeof(r.reason), "%s", w->reason);
	works_add(&j->works, &r);
	observer_work(j->observer, &r);
}

void
wire_used(
    const char *competitor, const char *instance, uint64_t cpu_us, uint64_t memory_bytes, void *arg)
{
	struct janus *j = arg;

	if (competitor == NULL)
		works_look(&j->works);
	else
		works_used(&j->works, competitor, instance, cpu_us, memory_bytes);
}

/* What a span tells of the pod or the endpoint that answered. */
void
wire_names(struct request_record *q, void *arg)
{
	struct janus *j = arg;
	const struct version *v = registry_version(&j->registry, q->version_id);

	struct url at;

	if (v != NULL && !v->is_url)
		snprintf(q->details->image, sizeof(q->details->image), "%s", v->reference);
	if (v != NULL && v->is_url && url_parse(v->reference, &at, NULL) == 0) {
		str_copy(q->details->host, sizeof(q->details->host), at.host);
		q->details->port = at.port;
	}
	snprintf(q->details->container, sizeof(q->details->container), "%s",
	    supervisor_container(j->supervisor, q->instance_id));
}

static int64_t
other_head(struct http_request *req, void *arg)
{
	struct janus *j = arg;

	return api_head(j->api, req);
}

static void
other_request(struct http_request *req, void *arg)
{
	struct janus *j = arg;

	api_request(j->api, req);
}

static bool
health(struct buf *out, void *arg)
{
	struct janus *j = arg;
	struct store_stats stats;

	store_stats(j->store, &stats);
	pthread_mutex_lock(&j->summary_lock);
	const bool engine_ok = j->summary.engine_ok, isolated = j->summary.isolated;
	pthread_mutex_unlock(&j->summary_lock);
	buf_printf(out,
	    "\"database\":{\"ok\":%s},\"disk\":{\"ok\":%s},\"engine\":{\"ok\":%s},"
	    "\"isolation\":{\"ok\":%s}",
	    stats.failing ? "false" : "true", stats.low ? "false" : "true",
	    engine_ok ? "true" : "false", isolated ? "true" : "false");
	return !stats.failing && !stats.low && engine_ok && isolated;
}

static void
disk_metrics(const struct janus *j, const struct store_stats *stats, struct buf *out)
{
	struct disk disk;

	if (disk_look(j->config->state_dir, &disk, NULL) < 0)
		return;
	metrics_head(out, "janus_disk_free_bytes", "gauge", "Free where the state is kept.");
	metrics_value(out, "janus_disk_free_bytes", "", (double)disk.free_bytes);
	metrics_head(out, "janus_disk_size_bytes", "gauge", "Size of that file system.");
	metrics_value(out, "janus_disk_size_bytes", "", (double)disk.total_bytes);
	metrics_head(
	    out, "janus_disk_low", "gauge", "1 while nothing new is taken for want of room.");
	metrics_value(out, "janus_disk_low", "", stats->low);
	metrics_head(out, "janus_disk_reserve_used_total", "counter",
	    "How often a write found the disk full.");
	metrics_value(out, "janus_disk_reserve_used_total", "", (double)stats->reserve_used);
}

static void
metrics(struct buf *out, void *arg)
{
	struct janus *j = arg;
	struct store_stats stats;

	store_stats(j->store, &stats);
	pthread_mutex_lock(&j->summary_lock);
	metrics_head(out, "janus_submissions", "gauge", "Submissions by state.");
	for (int i = 0; i < SUBMISSION_STATE_COUNT; i++) {
		_cleanup_buf_ struct buf label = { 0 };

		metrics_label(&label, "state", submission_state_name((enum submission_state)i));
		metrics_value(
		    out, "janus_submissions", buf_str(&label), (double)j->summary.submissions[i]);
	}
	const bool engine_ok = j->summary.engine_ok, isolated = j->summary.isolated;
	pthread_mutex_unlock(&j->summary_lock);
	metrics_head(out, "janus_check_ok", "gauge", "1 while that check of /readyz is passed.");
	metrics_value(out, "janus_check_ok", "check=\"database\"", !stats.failing);
	metrics_value(out, "janus_check_ok", "check=\"engine\"", engine_ok);
	metrics_value(out, "janus_check_ok", "check=\"isolation\"", isolated);
	scheduler_metrics(j->scheduler, out);
	metrics_head(out, "janus_db_size_bytes", "gauge", "Size of the database.");
	metrics_value(out, "janus_db_size_bytes", "", (double)stats.db_bytes);
	metrics_head(out, "janus_wal_size_bytes", "gauge", "Size of its write-ahead log.");
	metrics_value(out, "janus_wal_size_bytes", "", (double)stats.wal_bytes);
	metrics_head(out, "janus_db_write_seconds", "histogram", "Transactions of the writer.");
	metrics_histogram(out, "janus_db_write_seconds", "", &buckets_http, store_writes(j->store));
	metrics_head(out, "janus_db_busy_total", "counter",
	    "Transactions that found the database held by somebody else.");
	metrics_value(out, "janus_db_busy_total", "", (double)stats.busy);
	disk_metrics(j, &stats, out);
	metrics_head(out, "janus_usage_rows_dropped_total", "counter",
	    "Usage rows that did not fit the queue.");
	metrics_value(out, "janus_usage_rows_dropped_total", "", (double)stats.usage_dropped);
	observer_metrics(j->observer, out);
	egress_metrics(j->egress, out);
	works_metrics(&j->works, out);
	champion_metrics(j->champion, out);
	recorder_metrics(j->recorder, out);
	artifacts_metrics(j->artifacts, out);
	arena_table_metrics(j->arena, out);
	certificate_metrics(j, out);
}

static void
http_metrics(struct buf *out, enum gateway_metric which, void *arg)
{
	const struct janus *j = arg;

	api_metrics(j->api, out, which);
}

static int
ask_before(void *arg)
{
	const struct janus *j = arg;

	return takeover_call(j->before);
}

const struct gateway_hooks wire_hooks = {
	.on_usage = on_usage,
	.on_demand = on_demand,
	.battles = count_battles,
	.on_battle = on_battle,
	.is_low = is_low,
	.elsewhere = ask_before,
	.other_head = other_head,
	.other_request = other_request,
	.health = health,
	.metrics = metrics,
	.http_metrics = http_metrics,
	.on_capture = on_capture,
};
