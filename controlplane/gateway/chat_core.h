/*
 * chat_core.h - one chat from its request to its end, for the three files that own it: chat.c begins and
 * ends it, chat_queue.c finds who answers, chat_attempt.c asks them.
 */
#ifndef JANUS_GATEWAY_CHAT_CORE_H
#define JANUS_GATEWAY_CHAT_CORE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "controlplane/gateway/chat.h"
#include "controlplane/gateway/chat_head.h"
#include "controlplane/gateway/core.h"
#include "controlplane/gateway/life.h"
#include "controlplane/gateway/pick.h"
#include "controlplane/gateway/wait.h"
#include "controlplane/registry/breaker.h"
#include "runtime/base/buf.h"
#include "runtime/base/str.h"
#include "runtime/net/http_server.h"
#include "runtime/openai/chat_params.h"
#include "runtime/openai/chat_relay.h"
#include "runtime/openai/chat_request.h"
#include "runtime/openai/relay_tap.h"
struct auth;
struct chat_artifacts;
struct chat_ids;
struct competitor_counters;
struct dial;
struct dialect;
struct link_request;
struct resume;
struct route;

#define ATTEMPTS_MAX LIFE_ATTEMPTS

/* What only spans tell. */
struct chat_details {
	struct chat_params params;
	struct chat_answer answer;
};

struct chat {
	/* what each event touches, first */
	struct gateway *gw;
	const struct dialect *dialect;
	struct chat_artifacts *artifacts; /* owned; NULL until its answer announced one */
	struct route_target
	    *target; /* of the running attempt; a slot of it is taken; one of tried */
	struct chat_relay *relay;
	struct resume *resume; /* NULL: its stream cannot be resumed */

	struct chat *next, **prev; /* gw->chats */
	void (*on_over)(const struct chat_over *, void *arg); /* of a chat apart; else NULL */
	void *over_arg;
	const struct buf *body; /* the request's own, or kept */
	struct buf kept; /* of a request that may be gone before the chat is over */
	struct chat_request request;
	struct auth *auth; /* a reference */
	bool may_fall_back;
	bool mid; /* it takes another's stream as the rest of one that fails: it may run twice */
	bool progress; /* the client wants to be told in events; chats only */
	bool head_early; /* its head went before anybody answered */
	char id[sizeof(((struct http_request *)0)->id)];
	char client[sizeof(((struct http_request *)0)->client)];
	char traceparent[TRACEPARENT_LEN + 1];
	int64_t accepted_us, accepted_at_ms;

	/* the running attempt; the names stay those of the last one */
	struct route_target *tried[ATTEMPTS_MAX]; /* references */
	size_t ntried;
	struct breaker_pass pass; /* of its competitor's breaker, if entered */
	bool entered;
	char slug[48], competitor[40], version[40], digest[72];
	struct competitor_counters *counted; /* the row of slug; NULL while that is "" */
	struct link_request *link_request;
	struct dial *dial;
	bool reused; /* it goes over a connection that was used before */
	struct timer late; /* for the link's answer */
	int64_t connect_due_ms;
	struct buf head;
	struct iovec parts[CHAT_PARTS_MAX + 3];

	struct life_attempt life[ATTEMPTS_MAX]; /* of each of tried */
	uint64_t span, parent; /* 0 while spans are off */
	char *user_agent; /* owned; NULL */
	char *tracestate; /* owned; NULL */
	struct wait wait; /* for a free slot */
	char *wish; /* x-janus-competitor, owned; NULL: once a stream began, headers are gone */

	struct relay_tap *tap; /* the relay ends it; NULL: not recorded */
	struct chat_details *details; /* owned; NULL while spans are off */

	/* our own time: what is not waiting for anybody */
	int64_t mark_us, ours_us;
	char attempts_text[STR_INT_MAX], overhead_text[STR_INT_MAX + 4], queue_text[STR_INT_MAX],
	    processing_text[STR_INT_MAX];
};

/* Why the last attempt failed, for which its competitor answers; borrowed. */
struct failure {
	enum wire_code code;
	const char *text, *details;
};

/* chat.c: what is said in between */
#define CHAT_ID_MAX (sizeof(((struct chat *)0)->id) + sizeof("chatcmpl-"))
/** chat_ids - those of the events of ours in its answer; they borrow from it and from id. */
struct chat_ids chat_ids(const struct chat *, char id[CHAT_ID_MAX]);
/** chat_tell - add an event of ours to out: delta.janus, with a payload of JSON. */
void chat_tell(const struct chat *, const char *event, const char *payload, struct buf *out);

/* chat_attempt.c: a target, a connection to it, the request on it */
/** attempt_start - at a target of a route, with a slot of it taken. */
void attempt_start(struct chat *, const struct route *, struct route_target *);
/** attempt_end - let go of connection and slot; fine when none runs. */
void attempt_end(struct chat *);
/** attempt_note_end - write down when the running one ended, and why if it failed. */
void attempt_note_end(struct chat *, enum wire_code, const struct chat_result *);
/** attempt_be_for - from now on it is that competitor's chat; version: the one it is for, or "". */
void attempt_be_for(struct chat *, const struct route *, const char *version);
/** attempt_enter_breaker - false: the breaker of its competitor lets nobody through. */
bool attempt_enter_breaker(struct chat *, const struct route *, struct route_target *);
/** attempt_tell_breaker - how the running one did; once. */
void attempt_tell_breaker(struct chat *, enum breaker_result, const char *retry_after);
/* of chat_relay_events */
void attempt_failed(struct chat_relay *, const struct chat_result *, void *arg);
void attempt_answering(struct chat_relay *, void *arg);

/* chat_queue.c: who is next, and the wait for it */
struct picked queue_pick(struct chat *);
/** queue_go_on - to what was picked; last: why the attempt before failed, NULL: nothing to tell. */
void queue_go_on(struct chat *, struct picked, const struct failure *last);
/** queue_next - after a failure that cannot have run anything. */
void queue_next(struct chat *, const struct failure *last);
/** queue_give_up - the chat fails with it. */
void queue_give_up(struct chat *, const struct failure *last);
/** queue_leave - wait no more; fine when it does not. */
void queue_leave(struct chat *);
/** queue_route - whom it waits for, or waited for last; NULL: what it waits for is not theirs any
 *  more, or none of its instances is ready or may be woken. */
const struct route *queue_route(const struct chat *);
void queue_ping(struct chat_relay *, struct buf *out, void *arg); /* of chat_relay_events */
#endif
