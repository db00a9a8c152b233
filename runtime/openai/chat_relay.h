/*
 * chat_relay.h - one chat from a waiting client to one upstream after another, until one answers.
 *
 * The one relay of the project: the gateway, the broker and the baseline all use it.  It owns what
 * happens on the wire: heartbeats from acceptance on, the held head (an early failure is a real
 * status), whole events passed on unmodified, four timers with four codes, typed error events
 * after the first byte, exactly one [DONE], back-pressure, and a cancel that reaches upstream.
 * Which upstream, with which bytes and how often to try is its owner's to decide.
 *
 * Streams are relayed event by event; a non-stream answer is collected (bounded), checked, and
 * sent whole, so that it always has its true status.  A JSON completion where a stream was asked
 * for is unfolded into one.
 */
#ifndef JANUS_OPENAI_CHAT_RELAY_H
#define JANUS_OPENAI_CHAT_RELAY_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "runtime/net/http_server.h"
#include "runtime/openai/chat_stream.h"
#include "runtime/openai/codes.h"
struct buf;
struct dialect;
struct metric_histogram;
struct transport;

struct chat_relay_limits {
	int64_t hold_ms; /* longest time before a stream's head is committed */
	int64_t ping_ms; /* longest silence towards the client */
	int64_t first_byte_ms; /* an attempt's silence before the first event of a stream */
	int64_t gap_ms; /* silence between events with content */
	int64_t total_ms; /* from acceptance */
	size_t event_bytes; /* largest event */
	size_t json_bytes; /* largest non-stream answer */
	size_t stream_bytes; /* largest stream, of one attempt; 0: any */
	struct metric_histogram *delay; /* where to count how long we hold what was read; NULL */
};
extern const struct chat_relay_limits chat_relay_defaults;

/* What became of the chat, or of one attempt at it. */
struct chat_result {
	enum wire_code code; /* CODE_NONE: answered */
	const char
	    *fault; /* once the chat is over: whose it is, "" if answered; static, as given */
	bool committed; /* the client has been sent status 200 */
	bool sent; /* the request was on the wire: a retry may run it twice */
	int upstream_status; /* 0: none came */
	int64_t ttft_us; /* from acceptance to the first content; -1: none came */
	int64_t max_gap_ms; /* longest silence between upstream's events */
	/* since acceptance; 0: never */
	int64_t committed_us; /* when status 200 was sent */
	int64_t head_us, first_event_us,
	    max_gap_at_us; /* of this attempt's head; of that silence's end */
	uint64_t chunks, pings;
	uint64_t bytes_in, bytes_out; /* body bytes from upstream, to the client */
	struct chat_usage usage;
	char text[240]; /* one sentence when code is not NONE */
	char retry_after[64]; /* as upstream sent it */
	char upstream_body[2048]; /* of a status other than 200, cut and NUL-terminated */
};

#define CHAT_WORDS_MAX sizeof(((struct chat_result *)0)->text)
/** chat_result_words - what text says in our own words, for logs, records and spans: upstream's,
 *  which may hold what it was asked or a key, stand behind a colon and are for the client alone.
 *  NULL where code is NONE; else out. */
const char *chat_result_words(const struct chat_result *, char out[CHAT_WORDS_MAX]);

struct chat_relay;
struct chat_relay_events {
	const char *subject; /* who is upstream, in sentences; NULL: "The competitor" */
	const char *fault; /* whose fault its failures are; NULL: the miner's */
	/**
	 * An attempt failed before anything of an answer reached the client, or, where another may
	 * go on in the middle (chat_relay_go_on), after.  The owner starts another attempt or calls
	 * chat_relay_fail, now or later.
	 */
	void (*on_attempt_failed)(struct chat_relay *, const struct chat_result *, void *arg);
	/** Fill headers (up to `max`, names and values borrowed until it returns) for the answer. */
	size_t (*on_headers)(
	    struct chat_relay *, struct http_header *headers, size_t max, void *arg);
	/** What upstream says reaches the client from now on; once, for streams only; may be NULL. */
	void (*on_answering)(struct chat_relay *, void *arg);
	/**
	 * An event with something in it, or a whole answer (then data is raw), is about to pass.  True:
	 * the owner has taken it and hands chat_relay_pass what goes in its place, now or later; until
	 * then heartbeats alone are sent, and upstream is not read.  May be NULL.
	 */
	bool (*on_passing)(struct chat_relay *, const char *raw, size_t raw_len, const char *data,
	    size_t data_len, void *arg);
	/** What the owner took of events and has not handed on yet (it passed none in their place) is
	 *  added to out: it goes before the end, before another attempt, and where a ping is due.
	 *  May be NULL. */
	void (*on_rest)(struct chat_relay *, struct buf *out, void *arg);
	/** Add comments, or events, to be sent where a ping is due; none: a ping.  Into a sink go
	 *  events alone.  May be NULL. */
	void (*on_ping)(struct chat_relay *, struct buf *out, void *arg);
	/** Add a comment, or an event, to be sent when upstream has said its last: before the usage and
	 *  the end of a stream.  Into a sink goes an event alone.  May be NULL. */
	void (*on_end)(struct chat_relay *, struct buf *out, void *arg);
	/** Once: the chat is over (answered, failed, or code CLIENT_CLOSED). Freed after it returns. */
	void (*on_done)(struct chat_relay *, const struct chat_result *, void *arg);
};

/*
 * Where a stream goes instead of to the client who asked for it: it then outlives that client.
 * Called on the relay's loop, never after on_done; must not call the relay.  Embedded by its owner.
 */
struct chat_sink {
	const char *request_id; /* for error events; borrowed */
	/** Once: the head is due.  client is the sink's from now on (it has no head yet), NULL if it
	 *  has gone; headers as for http_stream_begin. */
	void (*begin)(struct chat_sink *, struct http_request *client, const struct http_header *);
	/** Whole events: one of upstream's, or some of ours, each ended by LF LF. No pings of ours.
	 *  Returns false when that is enough for now: upstream is paused until chat_relay_drained. */
	bool (*write)(struct chat_sink *, const char *bytes, size_t len);
	/** The stream is complete: its last event was written. */
	void (*end)(struct chat_sink *, enum wire_code);
};

/**
 * chat_relay_new - take over a request that was accepted and checked.
 *
 * stream: what the client asked for; want_usage: it asked for a usage chunk.  Heartbeats and the
 * total timer run from here.  limits and events are borrowed.
 */
struct chat_relay *chat_relay_new(struct http_request *, bool stream, bool want_usage,
    const struct chat_relay_limits *, const struct chat_relay_events *, void *arg);
struct loop;
/** chat_relay_new_into - the same for a stream that no client of its own waits for: it goes into that
 *  sink (borrowed), whose begin gets no client.  What fails before it begins is told by on_done
 *  alone. */
struct chat_relay *chat_relay_new_into(struct loop *, int64_t accepted_us, struct chat_sink *,
    const struct chat_relay_limits *, const struct chat_relay_events *, void *arg);
/** chat_relay_speak - another dialect than chat; before the first attempt. */
void chat_relay_speak(struct chat_relay *, const struct dialect *);
/** chat_relay_into - the answer, a stream, goes into that sink (borrowed).  Before any attempt. */
void chat_relay_into(struct chat_relay *, struct chat_sink *);
/** chat_relay_drained - the sink takes more again; never called from within the sink. */
void chat_relay_drained(struct chat_relay *);
/** chat_relay_attempt - send parts over a transport (taken over) and relay what comes.  parts
 *  are borrowed until the attempt ends. */
void chat_relay_attempt(
    struct chat_relay *, struct transport *, const struct iovec *parts, size_t nparts);
/** chat_relay_fail - end the chat with a code: an HTTP status, or an error event once committed.
 *  details: JSON array text or NULL.  Calls on_done before it returns. */
void chat_relay_fail(struct chat_relay *, enum wire_code, const char *text, const char *details);
/** chat_relay_fail_as - the same with what upstream itself answered: instead (static) is to blame, as
 *  in wire_code_fault. */
void chat_relay_fail_as(struct chat_relay *, enum wire_code, const char *instead, const char *text,
    const char *details);
/** chat_relay_go_on - from now on a stream that fails in the middle is on_attempt_failed's too. */
void chat_relay_go_on(struct chat_relay *);
/** chat_relay_answering - has something of an answer reached the client of a stream? */
bool chat_relay_answering(const struct chat_relay *);
/** chat_relay_say - send whole events of our own to the client of a stream, between attempts. */
void chat_relay_say(struct chat_relay *, const char *events, size_t len);
/** chat_relay_pass - what was taken goes on, as these bytes: whole events, also none, or a whole
 *  answer. */
void chat_relay_pass(struct chat_relay *, const char *bytes, size_t len);
/** chat_relay_retry_after - what the next chat_relay_fail tells with a 429 or 503: whole seconds. */
void chat_relay_retry_after(struct chat_relay *, int64_t seconds);
/** chat_relay_abandon - daemon shutdown or the owner going away: cut, no on_done. */
void chat_relay_abandon(struct chat_relay *);
/** chat_relay_result - what is known so far; borrowed until the next event. */
const struct chat_result *chat_relay_result(struct chat_relay *);
struct relay_tap;
struct chat_answer;
/** chat_relay_tap - show what passes to a tap (relay_tap.h) from now on; it is ended with the relay.
 *  NULL is fine. */
void chat_relay_tap(struct chat_relay *, struct relay_tap *);
/** chat_relay_learn - note what the answer says of itself; borrowed. NULL: nothing is looked for. */
void chat_relay_learn(struct chat_relay *, struct chat_answer *);
#endif
