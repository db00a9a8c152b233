/*
 * live.h - what the supervisor knows of each instance beyond what is stored (internal to
 * supervise/).
 */
#ifndef JANUS_SUPERVISE_LIVE_H
#define JANUS_SUPERVISE_LIVE_H
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "controlplane/registry/registry.h"
#include "controlplane/registry/routes.h"
#include "controlplane/store/store.h"
#include "controlplane/supervise/decide.h"
#include "controlplane/supervise/supervisor.h"
#include "runtime/base/buf.h"
#include "runtime/base/error.h"
#include "runtime/loop/loop.h"
struct broker;
struct conform;
struct dialer;
struct link;
struct probe;
struct pull;

#define TOKEN_MAX 64
#define CHECK_PREFIX "check-" /* the names of what is only checked */
/* Who decided, where nobody asked. */
#define OURSELVES              \
	{                      \
		"janusd", NULL \
	}

struct live {
	struct supervisor *sup;
	struct instance *in;
	struct route_target *target; /* shared with the gateways */
	struct manifest manifest;
	struct link *link; /* opened with the first probe */
	struct probe *probe;
	struct timer timer, probe_timer;
	char token[TOKEN_MAX]; /* of the start that is under way; only its hash is stored */
	bool committing, busy; /* a write, a job is under way */
	enum action pending; /* to carry out after the commit */
	int64_t entered_ms, started_ms, next_try_ms, last_failure_ms, not_before_ms; /* monotonic */
	bool start_done, start_failed, pull_failed, stop_done;
	enum error_kind job_error;
	bool phase_known, link_running;
	enum pod_phase phase;
	struct pod_state last; /* as the engine last told */
	int passes, fails;
	uint64_t judge_after; /* elsewhere: a later listing must be in before its health counts */
	bool ever_connected;
	struct health_seen health;
	char health_body[2048];
	uint64_t changed; /* job sequence: a listing older than this says nothing */
	atomic_bool cancel; /* of a pull */
	int64_t pull_began_ms;
	bool paused, pause_failed; /* what the last freeze or thaw came to */
	bool evicted; /* it gives its memory to one that is asked for */
	bool failed_once; /* the failure is the instance's own, not the engine's */
	int lent; /* slots of it that chats of the janusd before us have */
	int troubles; /* the engine's, in a row: they back off too */
};

struct trial { /* a submission under way; made for each that is not final */
	struct supervisor *sup;
	struct submission *sub;
	struct timer timer;
	bool committing, busy, done, failed;
	enum submission_state was; /* before the one that is being stored */
	enum submission_action pending;
	struct error error;
	int64_t retry_ms;
	struct pull *pull; /* the one it waits for; NULL */
	struct trial *pull_next; /* who waits for the same */
	char tag_digest[DIGEST_MAX]; /* what its tag is now, if that is not what it was */
	bool over;
	struct conform *conform; /* the checks under way */
	char *report; /* owned: what they found, a JSON array; NULL */
	const char *fail_reason; /* of the check that failed */
	uint64_t
	    judge_after; /* a listing that began later must be in before a failed chat counts */
	struct cancel *cancels; /* who asked for its end, to be told */
	atomic_bool cancel; /* of an import */
	struct trial *next;
};

struct supervisor {
	struct supervisor_config c;
	struct broker *broker;
	struct dialer *dialer;
	struct engine_status engine, second;
	struct canary_report canary;
	struct canary_run *canary_run;
	char canary_id[40];
	struct timer tick, list_again, usage_timer;
	struct trial *trials;
	struct pull *pulls; /* under way */
	uint64_t sequence;
	uint64_t generation; /* of route snapshots */
	unsigned uid_next;
	bool started, stopping;
	bool checking, listing; /* an info or list job is under way */
	bool stale; /* something happened since the listing under way began */
	bool told; /* by the engine, since the last listing but one */
	uint64_t list_began, list_done; /* numbers of listings */
	uint64_t list_stale; /* this one, and those before, began before the engine was lost */
	bool adopted; /* a listing is in, and the engine was not lost since */
	bool swept; /* directories of pods long gone are removed */
	atomic_bool stop_events;
	bool watching;
};

/* live.c */
struct live *live_new(struct supervisor *, struct instance *);
void live_free(struct live *);
/** live_reach - its pod is reached by that URL; "": by its link. */
void live_reach(struct live *, const char *url);
void link_path_of(const struct supervisor *, const char *instance, char out[108]);
/** competitor_traffic - what its instances share; made when it is first asked for; borrowed. */
struct traffic *competitor_traffic(const struct supervisor *, struct competitor *);
struct instance *instance_make(
    struct supervisor *, const struct competitor *, const struct version *);
/** ensure_instance - a wanted competitor has as many instances of its current version as its policy
 *  says, of its generation: they replace those of an earlier one. */
void ensure_instance(struct supervisor *, const struct competitor *);

/* act.c */
/** live_evaluate - decide, and carry out, until nothing is left to do now. */
void live_evaluate(struct live *);
void live_evaluate_all(struct supervisor *);
/** live_is_pod - is it run here, by whichever engine, and not somebody's endpoint? */
bool live_is_pod(const struct live *);
/** live_serves - is it a ready instance of that competitor's current version? */
bool live_serves(const struct live *, const struct competitor *);

/* publish.c */
void publish_routes(struct supervisor *);

/* jobs.c: what runs on workers */
void job_start_pod(struct live *);
void job_stop_pod(struct live *);
void job_pull_image(struct live *);
void job_pause_pod(struct live *, bool pause);

/* activate.c: who runs, and who makes room */
enum life life_of(const struct live *, int64_t *due_ms);
/** fits_budget - is there memory for one more? If not, the one silent for longest is told to go. */
bool fits_budget(struct live *);
/** competitor_rules - what its policy comes to; kept in it. */
void competitor_rules(const struct supervisor *, struct competitor *);
/** competitor_limits - what its instances may have: settings, and what was said of it; NULL: of one
 *  that is not known yet. */
void competitor_limits(const struct supervisor *, const struct competitor *, struct policy *out);
/** live_limits - what an instance may have. */
void live_limits(const struct live *, struct policy *out);
/** memory_within - what a manifest asks for, or all that is allowed. */
int64_t memory_within(const struct policy *, const struct manifest *);

/* watch.c: health of instances */
void watch_health(struct live *);
void unwatch_health(struct live *);
/** health_counts - may a health that failed be held against it? */
bool health_counts(const struct live *);

/* reconcile.c */
void reconcile_now(struct supervisor *);
void engine_lost(struct supervisor *, const struct error *);
bool may_start(const struct supervisor *);
/** engine_watch_start - begin: check, list, adopt, follow events. */
void engine_watch_start(struct supervisor *);

/* usage.c */
/** usage_watch - begin to tell what instances use. */
void usage_watch(struct supervisor *);

/* submit.c */
void trial_resume(struct supervisor *, struct submission *);
void trial_evaluate(struct trial *);
void trial_instance_changed(struct supervisor *, const struct instance *);
void trials_evaluate_all(struct supervisor *);
void trials_free(struct supervisor *);
/** trial_left_over - is it a competitor that was only checked, and is to be removed? */
bool trial_left_over(const struct supervisor *, const struct competitor *);
bool trial_holds(const struct supervisor *, const struct instance *);
/** trial_limits - what its competitor may have. */
void trial_limits(const struct trial *, struct policy *out);
/** trial_enter_cancelled - it ends, wherever it is; not while its present step is being stored. */
void trial_enter_cancelled(struct trial *);

/* submit_wish.c */
/** trial_tell_cancelled - those who asked for its end: it came (err NULL), or why not. */
void trial_tell_cancelled(struct trial *, const struct error *err);
/** trial_answer_cancels - as it is stored now. */
void trial_answer_cancels(struct trial *);

/* submit_jobs.c */
/** trial_job - do a step that blocks; trial_step_done is called in the end. */
void trial_job(struct trial *, enum submission_action);
/** trial_step_done - what its step's job came to; then what comes next. */
void trial_step_done(struct trial *, const struct error *);

/* import.c: archives that were sent */
#define IMPORT_REPOSITORY "localhost/janus-import/" /* the images of them, by competitor */
/** import_archive - check it, and have the engine load what it holds; id: of the image. BLOCKS. */
int import_archive(struct engine *, const char *state_dir, const char *archive,
    const char *reference, int64_t max_bytes, const atomic_bool *cancel, char id[DIGEST_MAX],
    struct error *);
/** imports_cancel - end all that are under way. */
void imports_cancel(struct supervisor *);
/** import_over - the trial is: its archive goes, and unless it serves, its image. */
void import_over(struct trial *);

/* pulls.c */
/** pull_join - wait for its image; trial_step_done is called in the end, unless it leaves. */
void pull_join(struct trial *);
/** pull_leave - it waits no more. */
void pull_leave(struct trial *);
/** pulls_cancel - end all; who waits is told. */
void pulls_cancel(struct supervisor *);

/* conform.c */
/** conform_start - ask everything of conform_checks.h; then done or failed, report and error are
 *  set and the trial is evaluated. Neither, if the instance went. */
void conform_start(struct trial *);
/** conform_cancel - nothing comes of it any more. */
void conform_cancel(struct trial *);

/* canary.c */
void canary_start(struct supervisor *, void (*done)(void *), void *arg);
#endif
