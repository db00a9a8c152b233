/*
 * judge.h - what the end of an attempt says about the competitor.
 */
#ifndef JANUS_GATEWAY_JUDGE_H
#define JANUS_GATEWAY_JUDGE_H
#include "controlplane/registry/breaker.h"
#include "runtime/openai/codes.h"
struct traffic_change;

/** judge_attempt - code: how it ended; upstream_status: 0 if none came.  Pure. */
enum breaker_result judge_attempt(enum wire_code, int upstream_status);
/** judge_log - breaker.state: say what became of the breaker. */
void judge_log(const char *slug, const char *competitor_id, const struct traffic_change *);
#endif
