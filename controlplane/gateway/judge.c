/*
 * judge.c - whose fault it was decides.
 */
#include "controlplane/gateway/judge.h"

#include "controlplane/registry/traffic.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"

enum breaker_result
judge_attempt(enum wire_code code, int upstream_status)
{
	if (code == CODE_CLIENT_CLOSED)
		return BREAKER_NEUTRAL;
	/* What the client sent may well deserve a 4xx; "too many requests" is about all clients. */
	if (upstream_status >= 400 && upstream_status < 500 && upstream_status != 429)
		return BREAKER_NEUTRAL;
	if (upstream_status != 0 && upstream_status != 200)
		return BREAKER_BAD;
	if (code == CODE_NONE)
		return BREAKER_GOOD;
	return str_eq(wire_code_info(code)->fault, "miner") ? BREAKER_BAD : BREAKER_NEUTRAL;
}

void
judge_log(const char *slug, const char *competitor_id, const struct traffic_change *c)
{
	const char *reason = c->to == BREAKER_CLOSED ? "the probe was answered"
	    : c->to == BREAKER_HALF_OPEN             ? "one chat is let through as a probe"
	    : c->from == BREAKER_CLOSED              ? "too many failures"
	    : c->open_ms > 0                         ? "the probe failed"
						     : "the probe's client left";

	LOG_AT(c->to == BREAKER_OPEN ? LOG_WARN : LOG_INFO, "breaker.state",
	    F_STR("competitor", slug), F_STR("competitor_id", competitor_id),
	    F_STR("from", breaker_state_name(c->from)), F_STR("to", breaker_state_name(c->to)),
	    F_STR("reason", reason), F_INT("failures", c->failures), F_INT("open_ms", c->open_ms));
}
