/*
 * activate.c - which of the wanted instances run now: always, while they are asked for, or paused
 * in between; and who gives up its memory for one that is asked for.
 */
#include <stdlib.h>
#include <string.h>

#include "controlplane/registry/traffic.h"
#include "controlplane/supervise/live.h"
#include "runtime/base/clock.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

void
competitor_rules(const struct supervisor *sup, struct competitor *c)
{
	struct rules rules;

	policy_apply(sup->c.rules, c->policy, &rules);
	c->activation = rules.activation;
	c->idle_ms = rules.idle_ms;
	c->replicas = rules.replicas;
	c->promotion = rules.promotion;
}

void
competitor_limits(const struct supervisor *sup, const struct competitor *c, struct policy *out)
{
	struct rules rules;

	policy_apply(sup->c.rules, c != NULL ? c->policy : "", &rules);
	*out = rules.limits;
}

void
live_limits(const struct live *l, struct policy *out)
{
	competitor_limits(
	    l->sup, registry_competitor(l->sup->c.registry, l->in->competitor_id), out);
}

enum life
life_of(const struct live *l, int64_t *due_ms)
{
	const struct competitor *c = registry_competitor(l->sup->c.registry, l->in->competitor_id);

	*due_ms = 0;
	if (c == NULL || trial_holds(l->sup, l->in))
		return LIFE_RUN; /* whether it is wanted at all is another question */
	const struct life_seen seen = {
		.activation = c->activation,
		.is_url = !live_is_pod(l),
		.evicted = l->evicted,
		.now_ms = clock_now_ms(),
		.used_ms = later(c->asked_ms, l->target->used_ms),
		.idle_ms = c->idle_ms,
		.in_flight = l->target->in_flight,
		.waited_for = traffic_crowded(c->traffic),
	};
	return life_decide(&seen, due_ms);
}

/* ---- the memory budget ---- */

int64_t
memory_within(const struct policy *allowed, const struct manifest *asked)
{
	return asked->memory_bytes != 0 && asked->memory_bytes < allowed->memory_bytes
	    ? asked->memory_bytes
	    : allowed->memory_bytes;
}

static int64_t
memory_of(const struct live *l)
{
	struct policy limits;

	live_limits(l, &limits);
	return memory_within(&limits, &l->manifest);
}

static bool
holds_memory(const struct live *l)
{
	return l->target->is_pod &&
	    (l->in->state == INSTANCE_STARTING || l->in->state == INSTANCE_READY ||
		l->in->state == INSTANCE_FROZEN || l->in->state == INSTANCE_DRAINING);
}

/* May it go for another? Not one that is busy, waited for, on trial, or meant to run always. */
static bool
may_go(const struct live *l)
{
	const struct competitor *c = registry_competitor(l->sup->c.registry, l->in->competitor_id);

	return c != NULL && c->activation != ACTIVATION_ALWAYS && l->target->in_flight == 0 &&
	    !traffic_crowded(c->traffic) && !l->busy && !l->committing &&
	    !trial_holds(l->sup, l->in) &&
	    (l->in->state == INSTANCE_READY || l->in->state == INSTANCE_FROZEN);
}

bool
fits_budget(struct live *wanting)
{
	const struct registry *reg = wanting->sup->c.registry;
	const int64_t budget = wanting->sup->c.memory_budget;
	int64_t need = memory_of(wanting) - budget;

	if (budget == 0 || !wanting->target->is_pod)
		return true;
	_cleanup_free_ struct evictable *all = mem_zalloc((reg->ninstances + 1) * sizeof(*all));
	for (size_t i = 0; i < reg->ninstances; i++) {
		const struct live *l = reg->instances[i]->live;
		const struct competitor *c = registry_competitor(reg, l->in->competitor_id);

		/* Whose memory is elsewhere makes no room here. */
		all[i].busy = l == wanting || l->evicted || !holds_memory(l) || !may_go(l);
		all[i].memory_bytes = l != wanting && holds_memory(l) ? memory_of(l) : 0;
		all[i].used_ms = later(c != NULL ? c->asked_ms : 0, l->target->used_ms);
		need += all[i].memory_bytes;
		if (l->evicted && holds_memory(l)) /* on its way out: wait for that first */
			need -= all[i].memory_bytes;
	}
	if (need > 0) {
		const size_t victim = evict_pick(all, reg->ninstances, need);

		if (victim < reg->ninstances) {
			struct live *l = reg->instances[victim]->live;

			l->evicted = true;
			log_info("instance.evicted", F_STR("instance_id", l->in->id),
			    F_STR("for", wanting->in->id));
			live_evaluate(l);
		}
		return false;
	}
	/* Room there will be, once those that were told to go are gone. */
	for (size_t i = 0; i < reg->ninstances; i++)
		if (reg->instances[i]->live->evicted && holds_memory(reg->instances[i]->live))
			return false;
	return true;
}

/* ---- a chat waits ---- */

void
supervisor_demand(struct supervisor *sup, const char *competitor_id)
{
	struct competitor *c = registry_competitor(sup->c.registry, competitor_id);

	if (c == NULL || !c->wanted || sup->stopping)
		return;
	c->asked_ms = clock_now_ms();
	ensure_instance(sup, c);
	live_evaluate_all(sup);
}
