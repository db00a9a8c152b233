/*
 * succession.c - one act at a time, the most urgent first.
 */
#include "controlplane/schedule/succession.h"

bool
succession_trial_over(const struct succession_rules *r, int64_t chats, int64_t age_ms)
{
	return chats >= r->canary_chats || age_ms >= r->canary_ms;
}

static struct succession
go(enum succession_act act, const char *reason)
{
	return (struct succession){ act, reason };
}

static struct succession
of_canary(const struct succession_rules *r, const struct succession_seen *seen)
{
	if (seen->canary_gone)
		return go(SUCCESSION_REFUSE, "not_ready");
	if (seen->canary_live != BOUNDS_FINE)
		return go(SUCCESSION_REFUSE, bounds_verdict_name(seen->canary_live));
	if (succession_trial_over(r, seen->canary_chats, seen->canary_age_ms))
		return go(SUCCESSION_CROWN,
		    seen->canary_chats >= r->canary_chats ? "canary_passed" : "canary_time");
	return go(SUCCESSION_NOTHING, "canary");
}

struct succession
succession_decide(const struct succession_rules *r, const struct succession_seen *seen)
{
	if (seen->has_reign && seen->reign_gone)
		return go(SUCCESSION_VACATE, "not_ready");
	/* The trial first: it may well be the way out of a reign that fails. */
	if (seen->has_canary)
		return of_canary(r, seen);
	if (seen->has_reign && seen->is_guarded && seen->reign_live != BOUNDS_FINE)
		return go(seen->has_previous ? SUCCESSION_ROLL_BACK : SUCCESSION_VACATE,
		    bounds_verdict_name(seen->reign_live));
	if (seen->has_challenger)
		return seen->no_trial ? go(SUCCESSION_CROWN_AT_ONCE, "no_trial")
				      : go(SUCCESSION_TRY, "better");
	return go(SUCCESSION_NOTHING, "");
}
