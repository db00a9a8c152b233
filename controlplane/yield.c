/*
 * yield.c - what handover.h decides, done.
 */
#include "controlplane/yield.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "controlplane/artifacts/artifacts.h"
#include "controlplane/janus.h"
#include "controlplane/listeners.h"
#include "controlplane/schedule/champion.h"
#include "controlplane/schedule/scheduler.h"
#include "controlplane/store/store.h"
#include "controlplane/supervise/supervisor.h"
#include "controlplane/takeover.h"
#include "controlplane/yield_core.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"

#define LOOK_MS 20
#define SETTLE_MS 5000 /* for starts under way to come to an end */
#define IDLE_MS 20000 /* for jobs at the engine */
#define ASKED_MS 600000 /* to get ready: a rehearsal reads the whole database */
#define RELEASED_MS 600000 /* to migrate it, and serve */
#define AGAIN_MS 1000 /* between starts of our own program */
#define BUSY_MS 500

static void on_again(struct timer *, void *);

/* ---- those who wait for an upgrade ---- */

void
yield_answer(struct yield *y, bool done)
{
	for (struct yield_peer *p = y->peers; p < &y->peers[PEERS_MAX]; p++) {
		cJSON *word;

		if (p->sock < 0 || !p->waits)
			continue;
		p->waits = false;
		word = takeover_word(done ? "upgraded" : "refused");
		if (done) {
			json_add_str(word, "version", y->successor->version);
			json_add_int(word, "pid", y->successor->pid);
		} else {
			json_add_str(word, "error",
			    y->why[0] != '\0' ? y->why : "the new one ended; its log says why");
		}
		takeover_say(p->sock, word, -1);
	}
}

static void
forget_started(struct yield *y)
{
	loop_unwatch(&y->started_watch);
	if (y->started.pid != 0 && y->started.fd >= 0)
		close(y->started.fd);
	y->started = (struct successor){ 0, -1 };
}

/* It ended before it asked, or after: the connection tells of that. */
static void
on_started_ended(struct watch *w, uint32_t events, void *arg)
{
	struct yield *y = arg;

	(void)w;
	(void)events;
	forget_started(y);
	if (y->successor != NULL)
		return;
	yield_answer(y, false);
	if (y->state == HANDOVER_ORPHANED)
		timer_set(y->janus->control, &y->timer, AGAIN_MS, on_again, y);
}

int
yield_start_program(struct yield *y, bool own, struct error *err)
{
	struct janus *j = y->janus;

	forget_started(y);
	y->why[0] = '\0';
	if (successor_start(j->argv, own, &y->started, err) < 0) {
		y->started = (struct successor){ 0, -1 };
		return -1;
	}
	log_info("handover.program_started", F_INT("new_pid", y->started.pid));
	/* One whose end nobody would tell us of must not keep others from being started. */
	if (y->started.fd < 0 ||
	    loop_watch(j->control, &y->started_watch, y->started.fd, EPOLLIN, on_started_ended, y,
		NULL) < 0)
		forget_started(y);
	return 0;
}

/* ---- what is done ---- */

static void
lend(struct yield *y)
{
	struct janus *j = y->janus;
	cJSON *word = takeover_word("listeners");
	int rc;

	json_add_str(word, "version", JANUS_VERSION);
	json_add_int(word, "pid", getpid());
	json_add_bool(word, "fixed", j->listeners_fixed);
	json_add_int(word, "count", (int64_t)j->listeners.len);
	rc = takeover_say(y->successor->sock, word, -1);
	for (size_t i = 0; i < j->listeners.len && rc == 0; i++) {
		word = takeover_word("listener");
		json_add_str(word, "name", passed_use_name(j->listeners.at[i].use));
		rc = takeover_say(y->successor->sock, word, j->listeners.at[i].fd);
	}
	if (rc < 0)
		log_warn("handover.not_lent", F_STR("error", strerror(errno)));
}

static void
on_held(void *arg)
{
	struct yield *y = arg;

	close(TAKE_FD(y->janus->lock));
	yield_tell(y, HANDOVER_WRITTEN);
}

static void
on_release_look(struct timer *t, void *arg)
{
	struct yield *y = arg;
	struct janus *j = y->janus;
	const int64_t now_ms = clock_now_ms();
	const bool late = now_ms >= y->until_ms;

	if (!y->stopped && (late || supervisor_settled(j->supervisor))) {
		/* What was decided is stored; what comes of it, the next one sees. */
		y->stopped = true;
		y->until_ms = now_ms + IDLE_MS;
		champion_stop(j->champion);
		supervisor_stop(j->supervisor);
	} else if (y->stopped && (late || supervisor_idle(j->supervisor))) {
		if (late)
			log_warn("handover.not_idle");
		store_hold(j->store, on_held, y);
		return;
	}
	timer_set(j->control, t, LOOK_MS, on_release_look, y);
}

static void
release(struct yield *y)
{
	y->until_ms = clock_now_ms() + SETTLE_MS;
	scheduler_stop(y->janus->scheduler);
	artifacts_share(y->janus->artifacts, true);
	timer_set(y->janus->control, &y->timer, 0, on_release_look, y);
}

static void
on_late(struct timer *t, void *arg)
{
	struct yield *y = arg;
	const pid_t pid = y->successor != NULL ? y->successor->pid : 0;

	(void)t;
	log_error("handover.late", F_STR("state", handover_state_name(y->state)));
	str_copy(y->why, sizeof(y->why), "it took too long");
	/* One that has the database and does not end would keep everybody else from it. */
	if (pid > 1 && y->state == HANDOVER_RELEASED)
		kill(pid, SIGKILL);
	if (y->successor != NULL)
		yield_peer_close(y->successor);
}

static void
give(struct yield *y)
{
	timer_set(y->janus->control, &y->timer, RELEASED_MS, on_late, y);
	takeover_say(y->successor->sock, takeover_word("yours"), -1);
}

static void
add_use(const char *instance, int chats, void *arg)
{
	json_add_int(arg, instance, chats);
}

static void
on_busy(struct timer *t, void *arg)
{
	struct yield *y = arg;
	struct janus *j = y->janus;
	cJSON *word;

	if (y->successor == NULL)
		return;
	word = takeover_word("busy");
	supervisor_in_use(j->supervisor, add_use, json_add_obj(word, "instances"));
	takeover_say(
	    y->successor->sock, word, -1); /* one that it has no room for, the next repeats */
	timer_set(j->control, t, BUSY_MS, on_busy, y);
}

void
yield_tell_busy(struct yield *y)
{
	on_busy(&y->busy, y);
}

/* A row that the other one has not seen. */
static void
on_written(const char *noun, const char *id, void *arg)
{
	struct yield *y = arg;
	cJSON *word;

	if (y->successor == NULL)
		return;
	word = takeover_word("stored");
	json_add_str(word, noun, id);
	takeover_say(y->successor->sock, word, -1);
}

static void
leave(struct yield *y)
{
	struct janus *j = y->janus;

	timer_cancel(&y->timer);
	yield_close(y);
	log_info("handover.done", F_INT("new_pid", y->successor->pid));
	notify_main_pid(&j->heartbeat.notify, y->successor->pid);
	heartbeat_stop(&j->heartbeat);
	listeners_close(j);
	store_let_go(j->store, on_written, y);
	yield_answer(y, true);
	yield_tell_busy(y);
	janus_leave(j);
}

/* The database is nobody's: our own program, which is known to work, takes it. */
static void
on_again(struct timer *t, void *arg)
{
	struct yield *y = arg;
	struct janus *j = y->janus;
	struct error err = { 0 };

	(void)t;
	timer_set(j->control, &y->timer, START_MS, on_again, y);
	if (janus_lock(j, &err) < 0) {
		log_error("handover.no_lock", F_STR("error", err.text));
		timer_set(j->control, &y->timer, AGAIN_MS, on_again, y);
		return;
	}
	const int reverted = store_take_back(j->store, &err);
	if (reverted < 0)
		log_error("handover.not_reverted", F_STR("error", err.text));
	else if (reverted > 0)
		log_warn("handover.reverted",
		    F_STR("why", "the schema was changed for a program that has ended"));
	close(TAKE_FD(j->lock));
	if (yield_start_program(y, true, &err) < 0)
		log_error("handover.no_program", F_STR("error", err.text));
}

static void
restart(struct yield *y)
{
	log_error("handover.orphaned", F_STR("error", y->why[0] != '\0' ? y->why : NULL));
	yield_answer(y, false);
	timer_set(y->janus->control, &y->timer, 0, on_again, y);
}

void
yield_tell(struct yield *y, enum handover_event event)
{
	const enum handover_state from = y->state;
	const struct handover_step s = handover_step(from, event);

	y->state = s.state;
	if (s.state != from)
		log_info("handover.state", F_STR("from", handover_state_name(from)),
		    F_STR("to", handover_state_name(s.state)));
	switch (s.action) {
	case HANDOVER_NOTHING:
	case HANDOVER_REFUSE: break;
	case HANDOVER_LEND:
		timer_set(y->janus->control, &y->timer, ASKED_MS, on_late, y);
		lend(y);
		break;
	case HANDOVER_RELEASE: release(y); break;
	case HANDOVER_GIVE: give(y); break;
	case HANDOVER_LEAVE: leave(y); break;
	case HANDOVER_FORGET:
		timer_cancel(&y->timer);
		log_warn("handover.given_up", F_STR("error", y->why[0] != '\0' ? y->why : NULL));
		yield_answer(y, false);
		break;
	case HANDOVER_RESTART: restart(y); break;
	}
}

/* ---- its life ---- */

void
yield_begin(struct janus *j)
{
	struct yield *y = mem_zalloc(sizeof(*y));

	y->janus = j;
	y->started.fd = -1;
	for (size_t i = 0; i < PEERS_MAX; i++)
		y->peers[i] = (struct yield_peer){ .yield = y, .sock = -1 };
	for (size_t i = 0; i < j->listeners.len; i++)
		if (j->listeners.at[i].use == PASSED_HANDOVER)
			loop_watch(j->control, &y->watch, j->listeners.at[i].fd, EPOLLIN,
			    yield_on_connect, y, NULL);
	j->yield = y;
}

void
yield_pass_on(struct yield *y, const struct cJSON *json)
{
	if (y->successor != NULL)
		takeover_say(y->successor->sock, cJSON_Duplicate(json, true), -1);
}

void
yield_close(struct yield *y)
{
	if (y != NULL)
		loop_unwatch(&y->watch);
}

void
yield_free(struct yield *y)
{
	if (y == NULL)
		return;
	forget_started(y);
	timer_cancel(&y->timer);
	timer_cancel(&y->busy);
	yield_close(y);
	for (struct yield_peer *p = y->peers; p < &y->peers[PEERS_MAX]; p++)
		if (p->sock >= 0) {
			loop_unwatch(&p->watch);
			close(p->sock);
		}
	free(y);
}
