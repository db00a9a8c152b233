/*
 * report.h - calls that are over, on their way to the log and to janusd.
 *
 * Bounded: calls that were refused alike within a moment are one line and one row with a count, and
 * when there are too many different ones they are counted by pod and decision alone.
 */
#ifndef JANUS_PLATFORM_REPORT_H
#define JANUS_PLATFORM_REPORT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controlplane/platform/policy.h"
#include "runtime/loop/loop.h"
struct buf;
struct platform;

/* NAME, word: what became of a call */
#define DECISIONS(X)                                                      \
	X(ALLOWED, "allowed")                                             \
	X(DENIED, "denied") /* the policy does not allow it */            \
	X(LIMITED, "limited") /* a rate or a budget is used up */         \
	X(INVALID, "invalid") /* the competitor asked wrongly, or left */ \
	X(FAILED, "failed") /* allowed, and then the service failed */

enum decision {
#define X(name, text) DECISION_##name,
	DECISIONS(X)
#undef X
};
const char *decision_word(enum decision);

struct report {
	char instance[64], competitor[64];
	char request_id[132]; /* of the chat it was charged to; "" */
	enum service service;
	const char *operation, *code; /* static; code "" when it went well */
	char target[160]; /* a model, a host, a path */
	enum decision decision;
	int status;
	int64_t calls; /* that were alike */
	int64_t at_ms, duration_ms; /* wall, of the first */
	int64_t bytes_in, bytes_out, prompt_tokens, completion_tokens, sandbox_ms;
	int64_t cost_micro_usd; /* -1: not known */
	bool is_told; /* it is in the log: nothing may be added to it any more */
};

#define REPORTS_MAX 512
#define REPORTS_SPARE 64 /* of them for what is only counted */

struct reports {
	struct report *at; /* owned; REPORTS_MAX of them, in order */
	size_t len;
	uint64_t dropped; /* not even counted, since the last packet */
	struct timer flush;
};

/** report_add - a call is over; copied. */
void report_add(struct platform *, const struct report *);
/** reports_merge - put it where it belongs; pure. */
void reports_merge(struct reports *, const struct report *);
/** reports_packet - a packet for janusd of the first reports, no longer than max bytes; returns how
 *  many are in it. Pure. */
size_t reports_packet(const struct reports *, struct buf *out, size_t max);
/** reports_flush - now: log, and send what janusd takes. */
void reports_flush(struct platform *);
void reports_done(struct reports *);
#endif
