/*
 * handlers.h - one function a route, and how nouns look in JSON (internal to api/).
 */
#ifndef JANUS_API_HANDLERS_H
#define JANUS_API_HANDLERS_H
#include "controlplane/api/call.h"
#include "controlplane/registry/registry.h"
#include "controlplane/store/schedules.h"
#include "controlplane/supervise/supervisor.h"
#include "runtime/base/metrics.h"
#include "runtime/diagnose/host.h"

struct buf;

#define API_ROUTES_MAX 112
#define API_STATUSES 21

struct api {
	struct api_deps d;
	struct clock_pair started; /* how the clocks were then */
	struct follower *followers; /* of submissions and runs */
	struct event_follower *event_followers;
	struct log_stream *log_streams;
	struct export *exports;
	struct sending *sendings; /* bundles on their way */
	struct once *onces; /* requests with an Idempotency-Key that are under way */
	bool closing;
	bool backing_up; /* a backup is made, read or unpacked */
	metric_counter http[API_ROUTES_MAX][API_STATUSES]; /* the last route: none */
	struct metric_histogram durations[API_ROUTES_MAX][API_STATUSES];
	_Atomic int64_t in_flight;
};

/* counts.c */
void api_count(struct api *, size_t route, int status, int64_t duration_us);
void api_counts_text(const struct api *, size_t route, const char *path, const char *method,
    enum gateway_metric, struct buf *out);
/** api_count_of - count by what was asked for, and when it came (routes.c). Any thread. */
void api_count_of(
    struct api *, const char *method, const char *path, int status, int64_t accepted_us);

/* submissions.c */
void submission_create(struct api_call *);
void submission_list(struct api_call *);
void submission_get(struct api_call *);
void submission_cancel(struct api_call *);
void submission_events(struct api_call *);

/* competitors.c */
/** competitor_find - that the path names; NULL and answered if there is none. */
struct competitor *competitor_find(struct api_call *);
/** competitor_wanted - that the query names; *out is NULL if none is. 0, or -1 and answered. */
int competitor_wanted(struct api_call *, const struct competitor **out);
void competitor_list(struct api_call *);
void competitor_get(struct api_call *);
void competitor_start(struct api_call *);
void competitor_stop(struct api_call *);
void competitor_restart(struct api_call *);
void competitor_rollback(struct api_call *);
void competitor_promote(struct api_call *);
void competitor_freeze(struct api_call *);
void competitor_thaw(struct api_call *);
void competitor_remove(struct api_call *);
void version_list(struct api_call *);
void version_get(struct api_call *);
void version_retire(struct api_call *);

/* artifact_bundles.c */
void artifact_bundle_get(struct api_call *);

/* bundles.c */
/** bundle_begin - where what is sent goes; false when the refusal says why not, with its code. */
bool bundle_begin(struct api *, struct http_request *, const struct route_params *,
    enum wire_code *, struct error *);
void bundle_put(struct api_call *);

/* export.c */
void competitor_export(struct api_call *);
void exports_close(struct api *);

/* history.c */
struct history;
struct histories;
struct submit_wish;
/** history_take - what the body says of its past elsewhere; false and answered if that is refused. */
bool history_take(struct api_call *, const struct submit_wish *, struct histories *);
/** history_here - add "versions" and "submissions": what this daemon knows of it. */
void history_here(const struct api_call *, const struct competitor *, cJSON *);
void competitor_history(struct api_call *);

/* policy.c */
void policy_get(struct api_call *);
void competitor_policy_get(struct api_call *);
void competitor_policy_update(struct api_call *);

/* instances.c */
void instance_list(struct api_call *);
void instance_get(struct api_call *);
void competitor_logs(struct api_call *);
void instance_logs(struct api_call *);
void log_streams_close(struct api *);

/* status.c */
void status_get(struct api_call *);
void config_get(struct api_call *);
void own_logs_get(struct api_call *);

/* doctor.c */
void doctor_get(struct api_call *);

/* events.c */
void event_list(struct api_call *);
void event_followers_close(struct api *);

/* requests.c */
void request_list(struct api_call *);
void request_get(struct api_call *);

/* egress.c */
void egress_list(struct api_call *);
struct egress_row;
struct measure { /* what one chat called at the platform; zero-initialised */
	cJSON *calls; /* owned; NULL: none */
	int64_t count, prompt_tokens, completion_tokens, sandbox_ms, bytes, cost_micro_usd,
	    unpriced;
};
/** measure_add - one more call. Any thread. */
void measure_add(struct measure *, const struct egress_row *);
/** measure_render - add "measured" and "platform_calls" to a request; the calls go over. */
void measure_render(struct measure *, cJSON *request);
void measure_done(struct measure *);
/* artifacts.c */
void artifact_list(struct api_call *);
void artifact_get(struct api_call *);
void artifact_link(struct api_call *);
void artifact_remove(struct api_call *);
/** artifacts_render - add "artifacts", those announced in that chat. */
void artifacts_render(const struct api_call *, cJSON *request, const char *request_id);

/* battles.c */
void battle_vote(struct api_call *);
void battle_list(struct api_call *);
void battle_get(struct api_call *);
void arena_leaderboard(struct api_call *);
/** arena_add_rating - add "arena", what votes say of that competitor: null without any. */
void arena_add_rating(const struct api_call *, cJSON *to, const char *competitor);

/* components.c */
struct component_entry;
void component_list(struct api_call *);
void component_get(struct api_call *);
void component_versions(struct api_call *);
void component_contract(struct api_call *);

/* component_review.c */
void component_create(struct api_call *);
void component_approve(struct api_call *);
void component_reject(struct api_call *);
void component_deprecate(struct api_call *);
void component_retire(struct api_call *);

/* backups.c */
void backup_create(struct api_call *);
void backup_list_all(struct api_call *);
void backup_get(struct api_call *);
void backup_verify(struct api_call *);
void backup_restore(struct api_call *);
void backup_cancel(struct api_call *);
void backup_delete(struct api_call *);
void db_check(struct api_call *);

/* captures.c */
void capture_list(struct api_call *);
void capture_get(struct api_call *);
void capture_remove(struct api_call *);

/* runs.c */
void run_create(struct api_call *);
void run_list(struct api_call *);
void run_get(struct api_call *);
void run_cancel(struct api_call *);
void run_events(struct api_call *);
/** run_find - that the path names.  NULL: answered, or the handler is called again (recall.h). */
const struct run *run_find(struct api_call *);
/** run_changed - a scheduler_done_fn: answers the call, which is arg, with the run as it is, 202. */
void run_changed(const struct error *err, const char *id, void *arg);
/** run_read_params - of a body; false and answered. */
bool run_read_params(struct api_call *, struct run_params *);
/** run_render_params - add them. */
void run_render_params(cJSON *json, const struct run_params *);
/** run_find_competitor - that the body names; NULL and answered. */
struct competitor *run_find_competitor(struct api_call *);

/* run_work.c: what workers say */
void run_lease(struct api_call *);
void run_heartbeat(struct api_call *);
void run_item(struct api_call *);
void run_finish(struct api_call *);

/* run_files.c */
void run_items(struct api_call *);
void run_report(struct api_call *);
void run_logs(struct api_call *);
void run_evidence(struct api_call *);

/* run_frames.c */
void run_item_frames(struct api_call *);

/* schedules.c */
void schedule_create(struct api_call *);
void schedule_list(struct api_call *);
void schedule_get(struct api_call *);
void schedule_remove(struct api_call *);

/* suites.c */
void suite_list(struct api_call *);
/* leaderboard.c */
void leaderboard_get(struct api_call *);

/* champion.c */
void champion_get(struct api_call *);
void champion_promote_post(struct api_call *);
void champion_rollback_post(struct api_call *);

/* top.c */
void top_get(struct api_call *);

/* keys.c */
void key_create(struct api_call *);
void key_list(struct api_call *);
void key_get(struct api_call *);
void key_update(struct api_call *);
void key_rotate(struct api_call *);
void key_revoke(struct api_call *);

/* usage.c */
void usage_get(struct api_call *);

/* render.c: trees are the caller's */
cJSON *render_run(const struct api_deps *, const struct run *);
cJSON *render_schedule(const struct api_deps *, const struct schedule *);
cJSON *render_submission(const struct api_deps *, const struct submission *);
cJSON *render_competitor(const struct api_deps *, const struct competitor *);
cJSON *render_version(const struct api_deps *, const struct version *);
cJSON *render_instance(const struct api_deps *, const struct instance *);

/* list.c */
/** list_reply - page over n rows: keep(i) says which count (NULL: all), render(i) makes one.  Rows are in the
 *  order of creation; the query's limit, after, before and order are obeyed: a page begins after
 *  one row, or ends before the other. */
struct list_source {
	size_t n;
	const char *(*id)(const struct api_call *, size_t i);
	bool (*keep)(const struct api_call *, size_t i, void *filter);
	cJSON *(*render)(const struct api_call *, size_t i);
	void *filter;
};
void list_reply(struct api_call *, const struct list_source *);
/** list_limit - how many rows to read for the query's limit: one more than a page has, which only
 *  says that there are more.  0 and answered if it is no such number. */
int list_limit(struct api_call *);
/** list_reply_rows - answer with rows that were read, in an array that goes over. */
void list_reply_rows(struct api_call *, cJSON *rows, bool has_more);

#define DEPS(call) (&(call)->api->d)
#define REGISTRY(call) ((call)->api->d.registry)
#endif
