/*
 * report.c - how the service, the machine and the sandboxes are.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/sandbox/config.h"
#include "controlplane/sandbox/host.h"
#include "controlplane/sandbox/machine.h"
#include "controlplane/sandbox/routes.h"
#include "controlplane/sandbox/service.h"
#include "revision.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/engine/engine.h"

#define STATS_MAX 64
#define DISK_BYTES_OF(c) (2 * (c)->disk_bytes)

static size_t
count_state(const struct service *v, enum sandbox_state state)
{
	size_t at = 0, n = 0;
	const char *id;
	void *s;

	while (map_next(&v->sandboxes, &at, &id, &s))
		n += ((struct sandbox *)s)->facts.state == state;
	return n;
}

static void
reply_tree(struct http_request *req, int status, const cJSON *json)
{
	_cleanup_free_ char *text = json_print(json);

	reply_json(req, status, text, strlen(text));
}

void
report_health(struct service *v, struct http_request *req)
{
	const bool well = v->last_failure.kind == ERROR_NONE;
	const bool ready = well && !v->stopping;
	_cleanup_json_ cJSON *json = cJSON_CreateObject();
	cJSON *pool;

	json_add_str(json, "status", ready ? "ok" : "degraded");
	json_add_str(json, "version", JANUS_VERSION);
	json_add_int(json, "uptime_seconds", (loop_now_ms(v->loop) - v->started_ms) / 1000);
	json_add_str(json_add_obj(json, "checks"), "engine", well ? "ok" : v->last_failure.text);
	pool = json_add_obj(json, "warm_pool");
	json_add_bool(pool, "enabled", v->config->warm > 0);
	json_add_int(pool, "size", (int64_t)count_state(v, SANDBOX_WARM));
	json_add_int(pool, "target", v->config->warm);
	reply_tree(req, str_eq(req->path, "/readyz") && !ready ? 503 : 200, json);
}

/* ---- metrics ---- */

static void
state_metrics(struct service *v, struct buf *out)
{
	static const enum sandbox_state states[] = { SANDBOX_STARTING, SANDBOX_WARM,
		SANDBOX_RUNNING, SANDBOX_ENDING };

	metrics_head(out, "janus_sandboxes", "gauge", "Sandboxes by state.");
	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		_cleanup_buf_ struct buf labels = { 0 };

		metrics_label(&labels, "state", sandbox_state_name(states[i]));
		metrics_value(
		    out, "janus_sandboxes", buf_str(&labels), (double)count_state(v, states[i]));
	}
	metrics_head(out, "janus_sandboxes_ended_total", "counter", "Sandboxes ended, by reason.");
	for (size_t i = REASON_NONE + 1; i < ARRAY_LEN(v->ended); i++) {
		_cleanup_buf_ struct buf labels = { 0 };

		metrics_label(&labels, "reason", sandbox_reason_name((enum sandbox_reason)i));
		metrics_value(
		    out, "janus_sandboxes_ended_total", buf_str(&labels), (double)v->ended[i]);
	}
}

void
report_metrics(struct service *v, struct http_request *req)
{
	const struct {
		const char *name, *help;
		const metric_counter *value;
	} counters[] = {
		{ "janus_sandboxes_created_total", "Sandboxes given to callers.", &v->created },
		{ "janus_sandboxes_from_pool_total", "Of these, from the warm pool.",
		    &v->from_pool },
		{ "janus_sandboxes_refused_total", "Requests for one that got none.", &v->refused },
		{ "janus_sandbox_operations_total", "Commands, files and agent runs.",
		    &v->operations },
		{ "janus_sandbox_operations_failed_total", "Of these, answered with an error.",
		    &v->operations_failed },
	};
	_cleanup_buf_ struct buf out = { 0 };

	metrics_head(&out, "janus_build_info", "gauge", "What runs.");
	metrics_value(&out, "janus_build_info",
	    "version=\"" JANUS_VERSION "\",revision=\"" JANUS_REVISION "\"", 1);
	state_metrics(v, &out);
	for (size_t i = 0; i < ARRAY_LEN(counters); i++) {
		metrics_head(&out, counters[i].name, "counter", counters[i].help);
		metrics_value(&out, counters[i].name, "", (double)*counters[i].value);
	}
	metrics_head(&out, "janus_sandbox_create_seconds", "histogram",
	    "From the request to a sandbox that answers.");
	metrics_histogram(
	    &out, "janus_sandbox_create_seconds", "", &buckets_http, &v->create_seconds);
	log_request(req, 200, NULL);
	http_reply(req, 200,
	    (const struct http_header[]){
		{ "content-type", "text/plain; version=0.0.4; charset=utf-8" }, { NULL, NULL } },
	    out.data, out.len);
}

/* ---- resources ---- */

/* Would a request of usual priority get one now? */
static const char *
reject_reason(struct service *v)
{
	_cleanup_free_ struct sandbox **who = NULL;
	const struct capacity capacity = pool_capacity(v);
	size_t n, victim;
	_cleanup_free_ struct tenant *tenants = pool_tenants(v, &who, &n);

	if (v->stopping)
		return "the service is stopping";
	if (v->last_failure.kind != ERROR_NONE)
		return v->last_failure.text;
	return capacity_decide(&capacity, tenants, n, 2, &victim) == ADMIT_NEVER
	    ? "all sandboxes are in use"
	    : NULL;
}

static void
add_machine(cJSON *json, const struct machine *m)
{
	cJSON_AddNumberToObject(json, "cpu_percent", m->cpu_ratio * 100);
	json_add_int(json, "cpuCount", m->cpus);
	cJSON_AddNumberToObject(json, "load1", m->load[0]);
	cJSON_AddNumberToObject(json, "load5", m->load[1]);
	cJSON_AddNumberToObject(json, "load15", m->load[2]);
	json_add_int(json, "memoryTotalBytes", m->memory_total_bytes);
	json_add_int(json, "memoryAvailableBytes", m->memory_available_bytes);
	cJSON_AddNumberToObject(json, "memory_percent", m->memory_ratio * 100);
	json_add_int(json, "diskTotalBytes", m->disk_total_bytes);
	json_add_int(json, "diskFreeBytes", m->disk_free_bytes);
	cJSON_AddNumberToObject(json, "disk_percent", m->disk_ratio * 100);
}

/* What a competitor's sandbox has here that the API does not promise (docs/sandy.md). */
static void
add_enforced(cJSON *list)
{
	cJSON_AddItemToArray(list, cJSON_CreateString("network isolation"));
	cJSON_AddItemToArray(list, cJSON_CreateString("seccomp profile"));
}

void
report_resources(struct service *v, struct http_request *req)
{
	static const char *const names[] = { "critical", "high", "normal", "low" };
	const struct sandbox_config *c = v->config;
	const char *reason = reject_reason(v);
	_cleanup_json_ cJSON *json = cJSON_CreateObject();
	int64_t by_priority[PRIORITY_MAX + 1] = { 0 }, active = 0;
	size_t at = 0;
	const char *id;
	void *value;
	cJSON *o;

	while (map_next(&v->sandboxes, &at, &id, &value)) {
		const struct sandbox *s = value;

		if (s->facts.state != SANDBOX_RUNNING || s->host != NULL)
			continue;
		active++;
		by_priority[s->wish.priority]++;
	}
	json_add_str(json, "service", "janus-sandboxd");
	json_add_str(json, "version", JANUS_VERSION);
	json_add_bool(json, "canCreateSandbox", reason == NULL);
	json_add_str(json, "rejectReason", reason);
	o = json_add_obj(json, "limits");
	json_add_int(o, "maxSandboxes", c->max);
	json_add_int(o, "memoryTotalBytes", c->total_memory_bytes);
	json_add_int(o, "memoryPerSandboxBytes", c->memory_bytes);
	json_add_int(o, "diskPerSandboxBytes", DISK_BYTES_OF(c));
	json_add_int(o, "pidsPerSandbox", c->pids);
	json_add_int(o, "active", active);
	o = json_add_obj(json, "priorityBreakdown");
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		json_add_int(o, names[i], by_priority[i]);
	if (c->nkeys > c->hosting_from) {
		o = json_add_obj(json, "hosting");
		json_add_int(o, "max", c->hosted_max);
		json_add_int(o, "active", (int64_t)pool_hosted(v));
		json_add_int(o, "memoryMaxBytes", c->hosted_memory_bytes);
		add_enforced(json_add_arr(o, "enforced"));
	}
	o = json_add_obj(json, "warmPool");
	json_add_int(o, "size", (int64_t)count_state(v, SANDBOX_WARM));
	json_add_int(o, "target", c->warm);
	history_turn(v->history, c->state_dir, loop_now_ms(v->loop));
	add_machine(json, &v->history->now);
	reply_tree(req, 200, json);
}

void
report_history(struct service *v, struct http_request *req)
{
	_cleanup_free_ char *text = http_query_get(req, "hours");
	const struct history *h = v->history;
	_cleanup_buf_ struct buf out = { 0 };
	char at_text[CLOCK_TEXT_MAX];
	int64_t hours = 12;
	bool first = true;

	if (text != NULL && str_parse_int(text, 1, 24, &hours, NULL) < 0) {
		refuse_param(req, CODE_INVALID_VALUE, "hours is a number from 1 to 24.", "hours");
		return;
	}
	buf_add_str(&out, "{\"points\":[");
	for (unsigned i = 0; i < h->len; i++) {
		const unsigned at = (h->begin + i) % HISTORY_POINTS;

		if (h->at[at].at_ms < clock_wall_ms() - hours * 3600000)
			continue;
		buf_printf(&out,
		    "%s{\"timestamp\":\"%s\",\"cpu_ratio\":%.4f,\"memory_ratio\":%.4f,"
		    "\"disk_ratio\":%.4f}",
		    first ? "" : ",", clock_format(h->at[at].at_ms, at_text), (double)h->at[at].cpu,
		    (double)h->at[at].memory, (double)h->at[at].disk);
		first = false;
	}
	buf_add_str(&out, "]}");
	reply_json(req, 200, out.data, out.len);
}

/* ---- stats: the engine counts, a worker asks it ---- */

struct one_stat {
	struct stats *all;
	char id[ID_MAX];
	int64_t memory_bytes; /* what it may have */
	double cores;
	struct pod_use use;
	struct error err;
};
struct stats {
	struct service *service;
	struct http_request *request; /* NULL: it left */
	size_t n, left;
	struct one_stat at[STATS_MAX];
};

static void
stats_reply(struct stats *s)
{
	_cleanup_buf_ struct buf out = { 0 };
	char now[CLOCK_TEXT_MAX];
	bool first = true;

	clock_format(clock_wall_ms(), now);
	buf_add_str(&out, "{\"stats\":[");
	for (size_t i = 0; i < s->n; i++) {
		const struct pod_use *u = &s->at[i].use;
		const double cores = s->at[i].cores;
		const int64_t memory_bytes = s->at[i].memory_bytes;

		if (s->at[i].err.kind != ERROR_NONE)
			continue; /* it has ended meanwhile */
		buf_printf(&out,
		    "%s{\"sandbox_id\":\"%s\",\"cpu_ratio\":%.4f,\"cpu_cores_used\":%.3f,"
		    "\"cpu_cores_total\":%.3f,\"memory_usage_bytes\":%" PRId64
		    ",\"memory_limit_bytes\":%" PRId64 ",\"memory_ratio\":%.4f,\"pids\":%" PRId64
		    ",\"updated_at\":\"%s\"}",
		    first ? "" : ",", s->at[i].id, u->cpu_cores / cores, u->cpu_cores, cores,
		    u->memory_bytes, memory_bytes, (double)u->memory_bytes / (double)memory_bytes,
		    u->pids, now);
		first = false;
	}
	buf_add_str(&out, "]}");
	reply_json(s->request, 200, out.data, out.len);
}

static void
stat_work(void *arg)
{
	struct one_stat *one = arg;
	struct engine *e = one->all->service->engine;

	e->driver->pod_use(e, one->id, &one->use, &one->err);
}

static void
stat_done(void *arg)
{
	struct stats *s = ((struct one_stat *)arg)->all;

	if (--s->left > 0)
		return;
	if (s->request != NULL)
		stats_reply(s);
	free(s);
}

static void
stats_gone(struct http_request *req, void *arg)
{
	log_request(req, 499, wire_code_info(CODE_CLIENT_CLOSED)->code);
	((struct stats *)arg)->request = NULL;
}

/* The caller's own of these; others are as if they were not there. */
static void
choose(struct stats *s, size_t caller, char *ids)
{
	const struct sandbox_config *c = s->service->config;
	char *rest = NULL;

	for (char *id = strtok_r(ids, ",", &rest); id != NULL && s->n < STATS_MAX;
	     id = strtok_r(NULL, ",", &rest)) {
		const struct sandbox *one = sandbox_find(s->service, caller, id);

		if (one == NULL || (one->host != NULL && !one->host->has_pod))
			continue;
		s->at[s->n].all = s;
		s->at[s->n].memory_bytes =
		    one->host != NULL ? one->host->memory_bytes : c->memory_bytes;
		s->at[s->n].cores = one->host != NULL ? (double)one->host->nano_cpus / 1e9
						      : (double)c->milli_cpus / 1000;
		snprintf(s->at[s->n++].id, ID_MAX, "%s", id);
	}
}

void
report_stats(struct service *v, struct http_request *req, size_t caller)
{
	static const struct http_request_events events = { .on_gone = stats_gone };
	_cleanup_free_ char *ids = http_query_get(req, "ids");
	struct stats *s;

	if (ids == NULL) {
		refuse_param(req, CODE_MISSING_PARAMETER, "ids are needed: a,b,c.", "ids");
		return;
	}
	s = mem_zalloc(sizeof(*s));
	s->service = v;
	s->request = req;
	choose(s, caller, ids);
	if (s->n == 0) {
		stats_reply(s);
		free(s);
		return;
	}
	http_request_watch(req, &events, s);
	s->left = s->n;
	for (size_t i = 0, n = s->n; i < n; i++)
		worker_run(v->workers, v->loop, stat_work, stat_done, &s->at[i]);
}
