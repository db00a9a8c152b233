/*
 * decide.c - one small function a state.
 */
#include "controlplane/sandbox/decide.h"

#include "runtime/base/cleanup.h"

const char *
sandbox_state_name(enum sandbox_state state)
{
	static const char *const names[] = {
#define X(name, text) [SANDBOX_##name] = (text),
		SANDBOX_STATES(X)
#undef X
	};

	return (unsigned)state < ARRAY_LEN(names) ? names[state] : "unknown";
}

const char *
sandbox_reason_name(enum sandbox_reason reason)
{
	static const char *const names[] = {
#define X(name, text) [REASON_##name] = (text),
		SANDBOX_REASONS(X)
#undef X
	};

	return (unsigned)reason < ARRAY_LEN(names) ? names[reason] : "unknown";
}

static struct sandbox_decision
stay(const struct sandbox_facts *f, int64_t wake_ms)
{
	return (struct sandbox_decision){ .to = f->state, .wake_ms = wake_ms };
}

static struct sandbox_decision
end(enum sandbox_reason reason)
{
	return (struct sandbox_decision){ SANDBOX_ENDING, ACT_CLOSE, reason, 0 };
}

static struct sandbox_decision
hand_over(void)
{
	return (struct sandbox_decision){ SANDBOX_RUNNING, ACT_HAND_OVER, REASON_NONE, 0 };
}

static struct sandbox_decision
in_starting(const struct sandbox_facts *f, int64_t now_ms)
{
	const int64_t late_ms = f->since_ms + f->start_limit_ms;

	if (f->wanted != REASON_NONE)
		return end(f->wanted);
	if (f->failed)
		return end(REASON_FAILED);
	if (f->started && f->answered)
		return f->claimed ? hand_over() : (struct sandbox_decision){ .to = SANDBOX_WARM };
	if (now_ms >= late_ms)
		return end(REASON_FAILED);
	return stay(f, late_ms);
}

static struct sandbox_decision
in_warm(const struct sandbox_facts *f)
{
	if (f->wanted != REASON_NONE)
		return end(f->wanted);
	return f->claimed ? hand_over() : stay(f, 0);
}

static struct sandbox_decision
in_running(const struct sandbox_facts *f, int64_t now_ms)
{
	if (f->wanted != REASON_NONE)
		return end(f->wanted);
	if (now_ms >= f->expires_ms)
		return end(REASON_EXPIRED);
	return stay(f, f->expires_ms);
}

/* A call that is under way may still make what is to be removed. */
static struct sandbox_decision
in_ending(const struct sandbox_facts *f, int64_t now_ms)
{
	if (f->busy)
		return stay(f, 0);
	if (f->removed)
		return (struct sandbox_decision){ SANDBOX_ENDED, ACT_FORGET, REASON_NONE, 0 };
	if (now_ms < f->retry_ms)
		return stay(f, f->retry_ms);
	return (struct sandbox_decision){ SANDBOX_ENDING, ACT_REMOVE, REASON_NONE, 0 };
}

struct sandbox_decision
sandbox_decide(const struct sandbox_facts *f, int64_t now_ms)
{
	switch (f->state) {
	case SANDBOX_STARTING: return in_starting(f, now_ms);
	case SANDBOX_WARM: return in_warm(f);
	case SANDBOX_RUNNING: return in_running(f, now_ms);
	case SANDBOX_ENDING: return in_ending(f, now_ms);
	case SANDBOX_ENDED: break;
	}
	return stay(f, 0);
}

/* --- who may have one --- */

static bool
room_beside(const struct capacity *c, size_t others)
{
	return others < c->max && (int64_t)(others + 1) * c->each_bytes <= c->memory_bytes;
}

static bool
is_leaving(const struct tenant *t)
{
	return t->leaving || t->state == SANDBOX_ENDING;
}

bool
capacity_fits(const struct capacity *c, const struct tenant *tenants, size_t n)
{
	size_t present = 0;

	for (size_t i = 0; i < n; i++)
		present += tenants[i].state != SANDBOX_ENDED;
	return room_beside(c, present);
}

/* Who goes first: a spare one; else the least important, and of those the youngest. */
static bool
goes_before(const struct tenant *a, const struct tenant *b)
{
	if (a->spare != b->spare)
		return a->spare;
	if (a->priority != b->priority)
		return a->priority > b->priority;
	return a->since_ms > b->since_ms;
}

enum admission
capacity_decide(
    const struct capacity *c, const struct tenant *tenants, size_t n, int priority, size_t *victim)
{
	size_t staying = 0, found = n;

	if (capacity_fits(c, tenants, n))
		return ADMIT_NOW;
	for (size_t i = 0; i < n; i++) {
		const struct tenant *t = &tenants[i];

		if (t->state == SANDBOX_ENDED || is_leaving(t))
			continue;
		staying++;
		if (!t->spare && (!t->preemptable || t->priority <= priority))
			continue;
		if (found == n || goes_before(t, &tenants[found]))
			found = i;
	}
	if (room_beside(c, staying))
		return ADMIT_SOON;
	if (found == n)
		return ADMIT_NEVER;
	*victim = found;
	return ADMIT_AFTER;
}
