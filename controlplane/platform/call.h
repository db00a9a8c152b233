/*
 * call.h - one call of a pod: whose it is, what it may cost, what it did cost.
 *
 * The spine of every service.  A service describes its call as a call_kind; the call then goes
 * prepare (is it well-formed, is it allowed, what may it cost at most?), claim (which chat is it
 * for?), hold (is there so much left?), start, and ends by call_answer, call_refuse or call_end,
 * which settle what was used and report it.  Nothing is spent before start.
 */
#ifndef JANUS_PLATFORM_CALL_H
#define JANUS_PLATFORM_CALL_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controlplane/platform/policy.h"
#include "controlplane/platform/quota.h"
#include "runtime/openai/codes.h"
struct call;
struct caller;
struct claim;
struct http_header;
struct http_request;

struct call_kind { /* static */
	enum service service;
	const char *operation;
	size_t size; /* of the service's own struct, which begins with the struct call */
	bool is_quiet; /* calls that go well are not told one by one */
	/** May be NULL.  Sets target, wanted; returns false after call_refuse or call_answer. */
	bool (*prepare)(struct call *);
	/** What it wants is held: do it. */
	void (*start)(struct call *);
	/** The client or the pod is gone: let go of everything that start began.  Answer nothing, except
	 *  that whoever was given the request (call->req is NULL) sees to it. */
	void (*stop)(struct call *);
	/** The service's own memory goes; may be NULL. */
	void (*done)(struct call *);
	/** A stream that was above the high-water mark may be written again; may be NULL. */
	void (*drain)(struct call *);
	/** Give the whole answer; NULL: to the request. For calls that did not come as one. */
	void (*reply)(
	    struct call *, int status, const struct http_header *, const char *, size_t len);
};

struct call {
	const struct call_kind *kind;
	struct caller *caller;
	struct call *next, **prev; /* of the caller's */
	struct http_request *req; /* NULL once somebody else answers it */
	struct claim *claim; /* the chat it is charged to; NULL: the competitor alone */
	struct claim *waits_for; /* while janusd is asked */
	struct call *waits_next;
	char id[132], target[160];
	bool is_running; /* start was called */
	struct quota_amounts wanted; /* held from start on; REQUESTS is 1 without being asked for */
	/* what it used; the service's to fill */
	int64_t prompt_tokens, completion_tokens, sandbox_ms;
	int64_t bytes_in, bytes_out; /* to the competitor, from it */
	int64_t cost_micro_usd; /* -1: its price is not known */
	int64_t accepted_us, accepted_at_ms;
};

/** call_begin - a request of a pod, its body complete. */
void call_begin(struct caller *, struct http_request *, const struct call_kind *);
/** call_begin_raw - a call that is no request, with its id and the x-request-id that was sent (may be
 *  NULL).  It is the kind's own memory, of the heap: zeros but for what
 *  the kind itself has added, and freed at the end. */
void call_begin_raw(
    struct caller *, struct call *, const struct call_kind *, const char *id, const char *claimed);
/** call_hold_more - while it runs: may it use so much more of a kind?  Then that is held too. */
bool call_hold_more(struct call *, enum quota_kind, int64_t amount);
/** call_claimed - claim.h's: it is known whose call this is (NULL: the competitor's alone). */
void call_claimed(struct call *, struct claim *);

/* The three ends; the call is freed. */
/** call_answer - with a whole body. */
void call_answer(struct call *, int status, const struct http_header *, const char *, size_t len);
/** call_refuse - with a code's status and envelope; param may be NULL. */
void call_refuse(struct call *, enum wire_code, const char *param, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/** call_fail - with a failure of a service behind us: fault "upstream". */
void call_fail(struct call *, enum wire_code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/** call_end - somebody else has answered: with status, and a code unless it went well (CODE_NONE). */
void call_end(struct call *, int status, enum wire_code);

/** call_refuse_request - refuse what is no call yet (no route, no token): told, and charged to nobody. */
void call_refuse_request(struct caller *, struct http_request *, enum wire_code, const char *text);
/** call_note_refused - the server itself has refused it: told. */
void call_note_refused(struct caller *, const struct http_request *, int status, enum wire_code);
/** calls_abandon - the pod is going away. */
void calls_abandon(struct caller *);
/** call_rules - what the policy says for the call's competitor; borrowed. */
const struct policy_rules *call_rules(const struct call *);
#endif
