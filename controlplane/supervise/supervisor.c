/*
 * supervisor.c - start, stop, and the wishes about competitors.
 */
#include "controlplane/supervise/supervisor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/registry/traffic.h"
#include "controlplane/supervise/broker.h"
#include "controlplane/supervise/live.h"
#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/net/dial.h"

struct supervisor *
supervisor_new(const struct supervisor_config *config, struct error *err)
{
	struct supervisor *sup = mem_zalloc(sizeof(*sup));
	char path[108];

	sup->c = *config;
	sup->dialer = dialer_new(config->loop, err);
	if (sup->dialer == NULL) {
		free(sup);
		return NULL;
	}
	snprintf(path, sizeof(path), "%s/platform.sock", config->runtime_dir);
	sup->broker = broker_new(config->loop, config->workers, path, config->broker, config->arg);
	snprintf(sup->engine.text, sizeof(sup->engine.text), "not asked yet");
	sup->second = sup->engine;
	return sup;
}

void
supervisor_start(struct supervisor *sup)
{
	struct registry *reg = sup->c.registry;

	for (size_t i = 0; i < reg->ncompetitors; i++)
		competitor_rules(sup, reg->competitors[i]);
	for (size_t i = 0; i < reg->ninstances; i++) {
		live_new(sup, reg->instances[i]);
		if (reg->instances[i]->uid >= sup->c.uid_first + sup->uid_next)
			sup->uid_next = reg->instances[i]->uid - sup->c.uid_first + 1;
	}
	for (size_t i = 0; i < reg->nsubmissions; i++)
		if (!submission_is_final(reg->submissions[i]->state))
			trial_resume(sup, reg->submissions[i]);
	sup->started = true;
	supervisor_sweep_uploads(sup);
	/* Endpoints need no engine: they answer chats at once. */
	for (size_t i = 0; i < reg->ninstances; i++)
		if (!live_is_pod(reg->instances[i]->live) &&
		    reg->instances[i]->state == INSTANCE_READY)
			watch_health(reg->instances[i]->live);
	for (size_t i = 0; i < reg->ncompetitors; i++) {
		if (trial_left_over(sup, reg->competitors[i]))
			supervisor_remove(
			    sup, reg->competitors[i], &(struct store_actor)OURSELVES, NULL, NULL);
		ensure_instance(sup, reg->competitors[i]);
	}
	publish_routes(sup);
	live_evaluate_all(sup);
	trials_evaluate_all(sup);
	engine_watch_start(sup);
	usage_watch(sup);
}

void
supervisor_stop(struct supervisor *sup)
{
	sup->stopping = true;
	timer_cancel(&sup->tick);
	timer_cancel(&sup->list_again);
	timer_cancel(&sup->usage_timer);
	broker_close(sup->broker);
	atomic_store(&sup->stop_events, true);
	pulls_cancel(sup);
	imports_cancel(sup);
	for (size_t i = 0; i < sup->c.registry->ninstances; i++) {
		struct live *l = sup->c.registry->instances[i]->live;

		if (l == NULL) /* never started */
			continue;
		atomic_store(&l->cancel, true);
		unwatch_health(l);
	}
}

void
supervisor_free(struct supervisor *sup)
{
	if (sup == NULL)
		return;
	trials_free(sup);
	for (size_t i = 0; i < sup->c.registry->ninstances; i++)
		if (sup->c.registry->instances[i]->live != NULL)
			live_free(sup->c.registry->instances[i]->live);
	broker_free(sup->broker);
	dialer_free(sup->dialer);
	free(sup->canary.lines);
	free(sup);
}

/* ---- wishes about competitors ---- */

struct wish {
	struct supervisor *sup;
	char competitor[NOUN_ID_MAX];
	struct competitor before; /* to go back to if it cannot be stored */
	supervisor_done_fn *done;
	void *arg;
};

/* A wish that was not stored was never one. */
static void
undo(struct competitor *c, const struct competitor *before)
{
	c->wanted = before->wanted;
	c->removed_at_ms = before->removed_at_ms;
	c->candidate_percent = before->candidate_percent;
	c->generation = before->generation;
	snprintf(c->candidate_id, sizeof(c->candidate_id), "%s", before->candidate_id);
	snprintf(c->policy, sizeof(c->policy), "%s", before->policy);
	snprintf(c->version_id, sizeof(c->version_id), "%s", before->version_id);
}

static bool
gave_up(const struct instance *in)
{
	return in != NULL && (in->state == INSTANCE_FAILED || in->state == INSTANCE_BACKOFF);
}

static void
stored(const struct error *err, void *arg)
{
	struct wish *w = arg;
	struct registry *reg = w->sup->c.registry;
	struct competitor *c = registry_competitor(reg, w->competitor);

	if (err != NULL && c != NULL)
		undo(c, &w->before);
	if (c != NULL)
		competitor_rules(w->sup, c);
	if (c != NULL && !w->sup->stopping) {
		publish_routes(w->sup);
		live_evaluate_all(w->sup);
		if (err == NULL && c->removed_at_ms != 0)
			registry_forget_competitor(reg, c);
		else if (err == NULL)
			ensure_instance(w->sup, c);
		live_evaluate_all(w->sup);
	}
	w->done(err, w->competitor, w->arg);
	free(w);
}

static void
ignore(const struct error *err, const char *id, void *arg)
{
	(void)err;
	(void)id;
	(void)arg;
}

/* What the audit compares. */
static const char *
in_words(const struct competitor *c, char out[DETAIL_MAX])
{
	char share[NOUN_ID_MAX + 16] = "";

	if (c->candidate_id[0] != '\0')
		snprintf(share, sizeof(share), " %d%% %s", c->candidate_percent, c->candidate_id);
	snprintf(out, DETAIL_MAX, "%s%s%s%s%s%s",
	    c->removed_at_ms != 0 ? "removed"
		: c->wanted       ? "running"
				  : "stopped",
	    c->version_id[0] != '\0' ? " " : "", c->version_id, share,
	    c->policy[0] != '\0' ? " " : "", c->policy);
	return out;
}

/* before: c as it was; done may be NULL. */
static void
commit(struct supervisor *sup, struct competitor *c, const struct competitor *before,
    const struct store_actor *who, const char *action, supervisor_done_fn *done, void *arg)
{
	struct wish *w = mem_zalloc(sizeof(*w));
	struct store_batch *b = store_batch_new();
	char was[DETAIL_MAX], is[DETAIL_MAX];

	*w = (struct wish){
		.sup = sup, .before = *before, .done = done != NULL ? done : ignore, .arg = arg
	};
	snprintf(w->competitor, sizeof(w->competitor), "%s", c->id);
	/* Wanting one that gave up is a new beginning for it. */
	if (c->wanted && gave_up(registry_serving(sup->c.registry, c)))
		c->generation++;
	c->updated_at_ms = clock_wall_ms();
	store_put_competitor(b, c);
	store_add_event(b,
	    &(struct store_event){ .who = *who,
		.action = action,
		.object_id = c->id,
		.before = in_words(before, was),
		.after = in_words(c, is) });
	log_info(action, F_STR("competitor", c->slug), F_STR("actor", who->name),
	    F_STR("before", was), F_STR("after", is));
	store_commit(sup->c.store, b, stored, w);
}

void
supervisor_want(struct supervisor *sup, struct competitor *c, bool running,
    const struct store_actor *who, supervisor_done_fn *done, void *arg)
{
	const struct competitor before = *c;

	c->wanted = running;
	commit(sup, c, &before, who, running ? "competitor.start" : "competitor.stop", done, arg);
}

const struct rules *
supervisor_rules(const struct supervisor *sup)
{
	return sup->c.rules;
}

void
supervisor_set_policy(struct supervisor *sup, struct competitor *c, const char *text,
    const struct store_actor *who, supervisor_done_fn *done, void *arg)
{
	const struct competitor before = *c;

	snprintf(c->policy, sizeof(c->policy), "%s", text);
	commit(sup, c, &before, who, "competitor.policy", done, arg);
}

void
supervisor_restart(struct supervisor *sup, struct competitor *c, const struct store_actor *who,
    supervisor_done_fn *done, void *arg)
{
	const struct competitor before = *c;

	c->wanted = true;
	c->generation++;
	commit(sup, c, &before, who, "competitor.restart", done, arg);
}

/* The accepted version that came before the current one. */
static const struct version *
version_before(const struct registry *reg, const struct competitor *c)
{
	const struct version *before = NULL;

	/* In the order they came, whatever the clock said. */
	for (size_t i = 0; i < reg->nversions; i++) {
		const struct version *v = reg->versions[i];

		if (strcmp(v->id, c->version_id) == 0)
			break;
		if (strcmp(v->competitor_id, c->id) == 0 && version_may_serve(v))
			before = v;
	}
	return before;
}

/* All its chats go to that version. */
static void
serve(struct competitor *c, const struct version *v)
{
	snprintf(c->version_id, sizeof(c->version_id), "%s", v->id);
	c->candidate_id[0] = '\0';
	c->candidate_percent = 0;
}

const struct version *
supervisor_rollback_target(const struct supervisor *sup, const struct competitor *c,
    const struct version *v, struct error *err)
{
	if (v == NULL)
		v = version_before(sup->c.registry, c);
	if (v == NULL) {
		error_set(err, ERROR_CONFLICT, "'%s' has no earlier accepted version to go back to",
		    c->slug);
		return NULL;
	}
	if (strcmp(v->competitor_id, c->id) != 0 || v->accepted_at_ms == 0) {
		error_set(err, ERROR_CONFLICT, "version %s is not an accepted version of '%s'",
		    v->id, c->slug);
		return NULL;
	}
	if (!version_may_serve(v)) {
		error_set(err, ERROR_CONFLICT,
		    "version %s of '%s' is retired; submit its image again instead", v->id,
		    c->slug);
		return NULL;
	}
	return v;
}

void
supervisor_rollback(struct supervisor *sup, struct competitor *c, const struct version *v,
    const struct store_actor *who, supervisor_done_fn *done, void *arg)
{
	const struct competitor before = *c;

	serve(c, v);
	c->wanted = true;
	commit(sup, c, &before, who, "competitor.rollback", done, arg);
}

void
supervisor_promote(struct supervisor *sup, struct competitor *c, const struct version *v,
    int percent, const struct store_actor *who, supervisor_done_fn *done, void *arg)
{
	const struct competitor before = *c;

	if (percent == 100 || strcmp(v->id, c->version_id) == 0) {
		serve(c, v);
	} else {
		snprintf(c->candidate_id, sizeof(c->candidate_id), "%s", percent > 0 ? v->id : "");
		c->candidate_percent = percent;
	}
	commit(sup, c, &before, who, "competitor.promote", done, arg);
}

void
supervisor_sleep(struct supervisor *sup, struct competitor *c)
{
	c->asked_ms = 0;
	for (size_t i = 0; i < sup->c.registry->ninstances; i++)
		if (strcmp(sup->c.registry->instances[i]->competitor_id, c->id) == 0)
			sup->c.registry->instances[i]->live->target->used_ms = 0;
	live_evaluate_all(sup);
}

void
supervisor_remove(struct supervisor *sup, struct competitor *c, const struct store_actor *who,
    supervisor_done_fn *done, void *arg)
{
	struct submission *s = registry_active(sup->c.registry, c->slug);
	const struct competitor before = *c;

	if (s != NULL)
		supervisor_cancel(sup, s, who, ignore, NULL, NULL);
	c->wanted = false;
	c->removed_at_ms = clock_wall_ms();
	commit(sup, c, &before, who, "competitor.remove", done, arg);
}

/* ---- what is known ---- */

const struct engine_status *
supervisor_second(const struct supervisor *sup)
{
	return sup->c.second != NULL ? &sup->second : NULL;
}

const struct engine_status *
supervisor_engine(const struct supervisor *sup)
{
	return &sup->engine;
}

const struct canary_report *
supervisor_canary(const struct supervisor *sup)
{
	return &sup->canary;
}

void
supervisor_probe_isolation(struct supervisor *sup, void (*done)(void *arg), void *arg)
{
	if (sup->engine.ok && !sup->stopping)
		canary_start(sup, done, arg);
	else
		done(arg);
}

bool
supervisor_broker_connected(const struct supervisor *sup)
{
	return broker_connected(sup->broker);
}

const char *
supervisor_offer(const struct supervisor *sup, const char *service)
{
	return broker_offer(sup->broker, service);
}

void
supervisor_ask_offers(struct supervisor *sup)
{
	broker_ask_offers(sup->broker);
}

void
supervisor_health(const struct supervisor *sup, const struct instance *in, struct health_seen *out)
{
	(void)sup;
	*out = in->live != NULL ? in->live->health : (struct health_seen){ 0 };
}

int
supervisor_traffic(
    const struct supervisor *sup, const struct competitor *c, struct traffic_view *out)
{
	const struct registry *reg = sup->c.registry;
	bool any = false, unlimited = false;
	int limit = 0;

	traffic_look(c->traffic, clock_now_ms(), out);
	for (size_t i = 0; i < reg->ninstances; i++) {
		const struct instance *in = reg->instances[i];

		if (in->live == NULL || strcmp(in->competitor_id, c->id) != 0)
			continue;
		any = true;
		if (in->live->target->closed)
			continue;
		unlimited = unlimited || in->live->target->limit == 0;
		limit += in->live->target->limit;
	}
	return !any ? -1 : unlimited ? 0 : limit;
}

int
supervisor_in_flight(const struct supervisor *sup, const struct instance *in)
{
	(void)sup;
	return in->live != NULL ? in->live->target->in_flight : 0;
}

void
supervisor_answer_broker(
    struct supervisor *sup, const char *instance, const char *request_id, bool runs)
{
	broker_answer(sup->broker, instance, request_id, runs);
}
