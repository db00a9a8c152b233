/*
 * chat_relay_internal.h - one relay, for the files that are it: chat_relay.c begins and ends it,
 * chat_relay_upstream.c listens, chat_relay_client.c speaks, chat_relay_held.c holds back.
 */
#ifndef JANUS_OPENAI_CHAT_RELAY_INTERNAL_H
#define JANUS_OPENAI_CHAT_RELAY_INTERNAL_H
#include "runtime/base/buf.h"
#include "runtime/base/error.h"
#include "runtime/loop/loop.h"
#include "runtime/net/http_exchange.h"
#include "runtime/net/sse.h"
#include "runtime/openai/chat_relay.h"

struct chat_relay {
	/* what each piece of a stream touches, first and together: with thousands of streams, every
	 * line of it comes from memory */
	struct http_request *client; /* NULL once it is over for the client, or is the sink's */
	struct chat_sink *sink; /* NULL: the client itself */
	struct loop *loop;
	const struct chat_relay_limits *limits;
	const struct chat_relay_events *events;
	void *arg;
	struct relay_tap *tap; /* NULL: nobody looks */
	struct http_exchange *exchange; /* of the running attempt */
	const struct dialect *dialect;
	int64_t last_sent_ms; /* when the client was last sent anything */
	int64_t silence_due_ms; /* the timer may be set for earlier: it then sets itself again */
	int64_t last_event_ms; /* when upstream last said anything */
	size_t stream_len; /* bytes of this attempt's stream so far */
	int busy; /* callbacks on the stack: freeing waits for them */
	bool over; /* on_done is due or called: nothing more may start */
	bool stream;
	bool is_stream_body, is_json_body;
	bool paused; /* upstream is not read until the client has read more */
	bool began; /* an event of this attempt was passed on */
	bool progressed; /* an event has come in this attempt */
	bool done_here; /* upstream's [DONE] was in what is being read */
	bool extra; /* upstream went on after its [DONE] */
	const char *blamed; /* instead of who events say; NULL */
	bool told; /* how it ended stood in upstream's own last event */
	bool relayed; /* an event has gone to the client: no other attempt may follow, but if */
	bool goes_on; /* the client takes another's stream as the rest of this one */
	bool held; /* its owner has taken an event, or the answer: nothing else may pass it */
	bool is_usage; /* what the owner is asked of, or has, is usage */
	bool asking; /* it is being asked whether it takes one */
	bool ended; /* and so has upstream's end */
	struct timer silence;
	struct sse_parser sse;
	struct chat_stream watch;
	struct chat_result result;

	int64_t accepted_us;
	struct buf kept; /* events that came after the one that is held */
	struct buf usage; /* the last event of usage, for the end */
	struct buf body; /* a collected answer: non-stream, or of a failed status */
	enum exchange_end end;
	struct error end_error;
	struct timer ping, total, failed;
};

/* chat_relay.c */
/** relay_finish - the only way out: tell the client, then the owner; fine when it is over. */
void relay_finish(struct chat_relay *, enum wire_code, const char *text, const char *details);
void relay_release(struct chat_relay *);
/** relay_tally - what the attempt's stream brought becomes part of the result. */
void relay_tally(struct chat_relay *);

/* Around every callback: what happens in between may end the relay, and it stays until the last
 * one that is on the stack has left. */
static inline void
relay_enter(struct chat_relay *r)
{
	r->busy++;
}

/** relay_leave - the relay may be gone after it. */
static inline void
relay_leave(struct chat_relay *r)
{
	if (--r->busy == 0 && r->over)
		relay_release(r);
}

/* chat_relay_upstream.c */
/** relay_drop_exchange - cut the running attempt; fine when none runs. */
void relay_drop_exchange(struct chat_relay *);
/** relay_pause - read no more of upstream until chat_relay_drained. */
void relay_pause(struct chat_relay *);

/** relay_on_event - the next event of upstream's; arg is the relay. */
void relay_on_event(const struct sse_event *, void *arg);
/** relay_pass_event - bytes of an event go to the client. */
void relay_pass_event(struct chat_relay *, const char *raw, size_t len);
/** relay_send_whole - so does a whole answer, which was checked: as it is, or as a stream. */
void relay_send_whole(struct chat_relay *);
/** relay_upstream_ended - what its end means. */
void relay_upstream_ended(struct chat_relay *, enum exchange_end, const struct error *);
/** relay_waited - upstream was kept waiting, and is not charged for it. */
void relay_waited(struct chat_relay *);

/* chat_relay_held.c */
/** relay_taken - does the owner take what is about to pass? */
bool relay_taken(
    struct chat_relay *, const char *raw, size_t raw_len, const char *data, size_t data_len);
/** relay_pass_rest - what the owner still has of events goes to the client. */
void relay_pass_rest(struct chat_relay *);
/** relay_keeps - an event that comes behind it waits; false: nothing is held. */
bool relay_keeps(struct chat_relay *, const struct sse_event *);
/** relay_keeps_end - the same of upstream's end. */
bool relay_keeps_end(struct chat_relay *, enum exchange_end, const struct error *);
void relay_forget_kept(struct chat_relay *);
/** relay_keep_usage - an event of usage is for the end, in the place of an earlier one. */
void relay_keep_usage(struct chat_relay *, const char *raw, size_t len);

/* chat_relay_client.c */
/** relay_client_begin - watch the client, and its silence. */
void relay_client_begin(struct chat_relay *);
/** relay_send - whole events to the client, or the sink; the head before the first. */
void relay_send(struct chat_relay *, const char *bytes, size_t len);
/** relay_send_ours - the same of what upstream did not say so. */
void relay_send_ours(struct chat_relay *, const char *bytes, size_t len);
/** relay_reply_error - an HTTP status; the client's request is then over. */
void relay_reply_error(struct chat_relay *, enum wire_code, const char *text, const char *details);
/** relay_reply_whole - 200 and the collected body; the same. */
void relay_reply_whole(struct chat_relay *);
/** relay_end_stream - what is still missing: usage, an error event, [DONE]; and the end. */
void relay_end_stream(struct chat_relay *, enum wire_code, const char *text);
#endif
