/*
 * supervisor.h - makes what runs equal to what is wanted.
 *
 * Wanted state is in the registry and the store; what runs is known by the engine's labels.  The
 * supervisor reconciles the two on engine events, on results of its own jobs, and every ten
 * seconds; it walks submissions through their states and publishes who may be sent chats.
 * Control loop only; everything that blocks runs on workers.
 */
#ifndef JANUS_SUPERVISE_SUPERVISOR_H
#define JANUS_SUPERVISE_SUPERVISOR_H
#include <stdbool.h>
#include <stdint.h>

#include "controlplane/store/nouns.h"
#include "runtime/base/disk.h"
#include "runtime/engine/engine.h"
#include "controlplane/supervise/policy.h"
#include "runtime/engine/spec.h"
struct broker_events;
struct error;
struct histories;
struct loop;
struct registry;
struct routes;
struct store;
struct store_actor;
struct supervisor;
struct traffic_rules;
struct traffic_view;
struct workers;

/* A pull or a start of an instance that is over; borrowed for the call. */
struct supervisor_work {
	bool is_pull; /* else a start */
	bool ok;
	const char *competitor; /* slug */
	const char *id; /* of the submission, or of the instance */
	const char *image, *digest;
	const char *reason; /* why it failed */
	int64_t duration_ms;
	int64_t health_ms; /* of it the end, waiting for /health; 0: none */
	int64_t bytes; /* pulled */
};

struct supervisor_config { /* borrowed */
	struct loop *loop;
	struct workers *workers;
	struct workers *pullers; /* a few: pulls may last for hours and must not take all workers */
	struct registry *registry;
	struct store *store;
	struct engine *engine;
	struct engine *second; /* the second of it, if it is a pair: to be told of; NULL */
	const char *node, *runtime_dir, *link_image;
	const char *state_dir; /* uploads.h */
	const struct traffic_rules *traffic; /* of each competitor */
	int concurrency; /* chats at once in an instance whose manifest does not say; 0: any */
	const struct rules *rules; /* of all competitors that nothing else was said of */
	int64_t memory_budget; /* over all instances; 0: none */
	struct pull_limits pull; /* but for max_bytes, which the rules say */
	int64_t retry_ms; /* wait after the first failure of a submission's step */
	int disk_warn_percent; /* of the engine's disk: less free is told of */
	int64_t probe_start_ms; /* between probes while starting: 250 */
	int64_t probe_ready_ms; /* and when ready: 10 s */
	int64_t drain_ms; /* longest wait for open streams: 30 s */
	unsigned uid_first, uid_count;
	/** a new snapshot; the reference is the receiver's. */
	void (*on_routes)(struct routes *, void *arg);
	/** something about a submission changed. */
	void (*on_submission)(const struct submission *, void *arg);
	/** a pull or a start is over; may be NULL. */
	void (*on_work)(const struct supervisor_work *, void *arg);
	/** what an instance uses, again and again; competitor NULL: a round of it begins. May be NULL. */
	void (*on_used)(const char *competitor, const char *instance, uint64_t cpu_us,
	    uint64_t memory_bytes, void *arg);
	/** a state, the engine or the proof of isolation changed. */
	void (*on_status)(void *arg);
	const struct broker_events *broker; /* what the broker says; with arg */
	void *arg;
};

/** supervisor_new - NULL with err. */
struct supervisor *supervisor_new(const struct supervisor_config *, struct error *);
/** supervisor_start - adopt what runs, then keep it as wanted. */
void supervisor_start(struct supervisor *);
/** supervisor_stop - start nothing more and end engine streams; pods stay. */
void supervisor_stop(struct supervisor *);
/** supervisor_free - after the workers ended and their messages were run. */
void supervisor_free(struct supervisor *);

/* ---- from one janusd to the next ---- */

/** supervisor_settled - nothing is being started, stopped, pulled or asked of the engine now. */
bool supervisor_settled(const struct supervisor *);
/** supervisor_idle - after supervisor_stop: what was under way at the engine has ended. */
bool supervisor_idle(const struct supervisor *);
/** supervisor_adopted - what runs is known, and what of it is ours is in the routes. */
bool supervisor_adopted(const struct supervisor *);
/** supervisor_in_use - of each instance where chats are: how many. */
void supervisor_in_use(
    const struct supervisor *, void (*fn)(const char *instance, int chats, void *arg), void *arg);
/** supervisor_lend - so many chats of another janusd are at that instance now: they take slots, and it
 *  does not rest while they last. */
void supervisor_lend(struct supervisor *, const char *instance, int chats);

/* Wishes.  Each is stored before `done` is called (err NULL), and carried out after.
 * supervisor_remove: done may be NULL. */
typedef void supervisor_done_fn(const struct error *err, const char *id, void *arg);
struct submit_wish { /* borrowed for the call */
	const char *slug; /* NULL: a name of ours, for a check */
	const char *reference; /* of an image or, is_url, a base URL; none with archive */
	const char *archive; /* digest of an upload instead (uploads.h); NULL */
	bool is_url;
	bool check_only; /* walk it through all states and checks, and let it serve nobody */
	const struct version *version; /* with check_only: this one, instead of a reference */
	const char *manifest; /* JSON text or NULL */
	const char *origin; /* where it comes from, for the record; NULL */
	const struct histories *histories; /* what it did elsewhere, kept with it; NULL */
};
/** supervisor_uses_upload - does a submission under way wait for that archive? */
bool supervisor_uses_upload(const struct supervisor *, const char *digest);
/** supervisor_sweep_uploads - remove those that nobody submitted in time. */
void supervisor_sweep_uploads(const struct supervisor *);
/** supervisor_check - would supervisor_submit take it? 0, or -1 with err; changes nothing. */
int supervisor_check(const struct supervisor *, const struct submit_wish *, struct error *);
/**
 * supervisor_submit - begin a submission.
 * INVALID, CONFLICT (another one of that name is under way; a reserved name).
 * Returns 0 when done will be called, -1 with err when refused at once.
 */
int supervisor_submit(struct supervisor *, const struct submit_wish *,
    const struct store_actor *who, supervisor_done_fn *done, void *arg, struct error *);
/** supervisor_shown_state - its state; the last one only once it is stored and chats are routed by it. */
enum submission_state supervisor_shown_state(const struct supervisor *, const struct submission *);
int supervisor_cancel(struct supervisor *, struct submission *, const struct store_actor *who,
    supervisor_done_fn *done, void *arg, struct error *);
void supervisor_want(struct supervisor *, struct competitor *, bool running,
    const struct store_actor *who, supervisor_done_fn *done, void *arg);
void supervisor_restart(struct supervisor *, struct competitor *, const struct store_actor *who,
    supervisor_done_fn *done, void *arg);
/** supervisor_rollback_target - where to: that version, or for NULL the accepted one before.  NULL
 *  with CONFLICT if there is none, or it is not one of that competitor's accepted ones. */
const struct version *supervisor_rollback_target(
    const struct supervisor *, const struct competitor *, const struct version *, struct error *);
/** supervisor_rollback - to what supervisor_rollback_target said. */
void supervisor_rollback(struct supervisor *, struct competitor *, const struct version *,
    const struct store_actor *who, supervisor_done_fn *done, void *arg);
/** supervisor_rules - of all that nothing else was said of; borrowed. */
const struct rules *supervisor_rules(const struct supervisor *);
/** supervisor_promote - percent below 100: it answers that share of the chats; 100: it serves; 0: it
 *  answers none, and what serves goes on. The version is an accepted one of the competitor. */
void supervisor_promote(struct supervisor *, struct competitor *, const struct version *,
    int percent, const struct store_actor *who, supervisor_done_fn *done, void *arg);
/** supervisor_retire_check - may it be retired? CONFLICT for one that serves, answers a share, or was
 *  never accepted; 0 for one that is retired already. */
int supervisor_retire_check(const struct supervisor *, const struct version *, struct error *);
/** supervisor_retire - what supervisor_retire_check let pass: it never serves again, and what still
 *  runs of it drains and stops. */
void supervisor_retire(struct supervisor *, struct version *, const struct store_actor *who,
    supervisor_done_fn *done, void *arg);
/** supervisor_standings_changed - publish routes anew: who stands where is part of them. */
void supervisor_standings_changed(struct supervisor *);
/** supervisor_sleep - one that is not always there: silent enough now. */
void supervisor_sleep(struct supervisor *, struct competitor *);
/** supervisor_set_policy - text as policy_merge made it; in force from the next start on. */
void supervisor_set_policy(struct supervisor *, struct competitor *, const char *text,
    const struct store_actor *who, supervisor_done_fn *done, void *arg);
/** supervisor_demand - a chat waits for a competitor that does not run. */
void supervisor_demand(struct supervisor *, const char *competitor_id);
void supervisor_remove(struct supervisor *, struct competitor *, const struct store_actor *who,
    supervisor_done_fn *done, void *arg);

/* ---- what is known ---- */

struct canary_report {
	enum {
		CANARY_PENDING,
		CANARY_RUNNING,
		CANARY_CONTAINED,
		CANARY_ESCAPED,
		CANARY_FAILED
	} state;
	int contained, escaped;
	char text[DETAIL_MAX]; /* one sentence; what escaped first, or why it could not run */
	char *lines; /* owned: the probe's own lines */
};
struct engine_status {
	bool ok;
	int64_t since_ms; /* wall: of the last change of ok */
	char text[DETAIL_MAX]; /* why not */
	struct engine_info info;
	struct disk disk; /* of its images; total_bytes 0: not known */
	enum { DISK_FINE, DISK_LOW, DISK_FULL } disk_state; /* full: nothing is pulled */
};
/** supervisor_engine, supervisor_canary - borrowed, current on the control loop. */
const struct engine_status *supervisor_engine(const struct supervisor *);
/** supervisor_second - of the second engine; NULL if there is none. */
const struct engine_status *supervisor_second(const struct supervisor *);
const struct canary_report *supervisor_canary(const struct supervisor *);
/** supervisor_probe_isolation - run the canary again; done is called with its report there. */
void supervisor_probe_isolation(struct supervisor *, void (*done)(void *arg), void *arg);
bool supervisor_broker_connected(const struct supervisor *);
/** supervisor_offer, supervisor_ask_offers - of the broker: broker_offer, broker_ask_offers. */
const char *supervisor_offer(const struct supervisor *, const char *service);
void supervisor_ask_offers(struct supervisor *);
/** supervisor_answer_broker - to broker_events.on_question. */
void supervisor_answer_broker(
    struct supervisor *, const char *instance, const char *request_id, bool runs);

/* What the last health probe of an instance saw. */
struct health_seen {
	int64_t at_ms; /* wall; 0: none yet */
	int status;
	char error[240];
};
void supervisor_health(const struct supervisor *, const struct instance *, struct health_seen *out);
/** supervisor_container - the id of an instance's container; "" if it has none. Borrowed. */
const char *supervisor_container(const struct supervisor *, const char *instance);
int supervisor_in_flight(const struct supervisor *, const struct instance *);
/** supervisor_traffic - its queue and breaker now.  Returns how many chats at once its instances
 *  take together as they are, 0 for any number, -1 if there is none (out is zeroed then). */
int supervisor_traffic(
    const struct supervisor *, const struct competitor *, struct traffic_view *out);
#endif
