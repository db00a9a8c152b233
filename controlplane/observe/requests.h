/*
 * requests.h - the last chats with their timelines, in memory.
 *
 * Control loop.  A record is made on a gateway's loop when a chat is over, and travels here as a
 * message; the usage table keeps the figures for good, the timeline goes when 4,096 more came.
 */
#ifndef JANUS_OBSERVE_REQUESTS_H
#define JANUS_OBSERVE_REQUESTS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controlplane/gateway/gateway.h"
#include "controlplane/gateway/life.h"
#include "runtime/openai/chat_params.h"
#include "runtime/openai/dialect.h"

#define REQUESTS_KEPT 4096

/* What only spans tell of a chat. */
struct request_details {
	struct chat_params params;
	struct chat_answer answer;
	int64_t reasoning_tokens, cached_tokens;
	char image[256], container[72]; /* of a pod; filled by whoever knows; "" */
	char host[256]; /* of an endpoint elsewhere; so too */
	int port;
};

struct request_record {
	struct request_record *next; /* on its way from one loop to the other */
	const struct dialect *dialect; /* never NULL */
	char id[132], traceparent[56], client[48], model[96];
	char slug[48], competitor_id[40], version_id[40], digest[72], instance_id[40];
	struct request_details *details; /* owned; NULL while spans are off */
	char *user_agent; /* owned; NULL */
	char *text; /* owned: what went wrong; NULL */
	enum wire_code code;
	const char *fault; /* whose it is, "" if answered; static */
	int status;
	bool stream, is_estimated;
	uint64_t span, parent; /* 0 while spans are off; without a parent */
	int64_t accepted_at_ms; /* wall */
	int64_t duration_us, ttft_us; /* ttft -1: no content came */
	int64_t committed_us; /* when its status went out, of a stream */
	int64_t first_event_us, max_gap_at_us; /* since acceptance; 0: never */
	int64_t queued_us, queued_at_us; /* as in struct gateway_usage */
	int64_t max_gap_ms, prompt_tokens, completion_tokens, cost_micro_usd;
	int64_t chunks, pings, bytes_in, bytes_out;
	int resumed; /* times; -1: its stream could not be */
	struct life_attempt attempts[LIFE_ATTEMPTS];
	size_t nattempts;
};

/** request_record_fill - a copy of all that is known of a chat that is over, into a record that is
 *  zeroed or holds another. Any thread. */
void request_record_fill(struct request_record *, const struct gateway_usage *);
void request_record_free(struct request_record *);
/** request_ended_ms - when it was over, by the wall clock. */
int64_t request_ended_ms(const struct request_record *);

struct requests { /* zero-initialised */
	struct request_record *at[REQUESTS_KEPT]; /* owned; a ring */
	size_t next;
};
/** requests_add - takes the record over; the oldest, if there was no room, is the caller's. */
struct request_record *requests_add(struct requests *, struct request_record *);
/** requests_find - the last with that whole id; NULL if it is not kept (any more). */
const struct request_record *requests_find(const struct requests *, const char *id);
/** requests_since - fn of those that ended since then (wall), the newest first, until it returns true; did it? */
bool requests_since(const struct requests *, int64_t since_ms,
    bool (*fn)(const struct request_record *, void *arg), void *arg);
/** requests_longest_gap - of a competitor's chats that ended after since_ms (wall); -1: none. */
int64_t requests_longest_gap(const struct requests *, const char *slug, int64_t since_ms);
void requests_done(struct requests *);

/* What happened to a chat, in order. */
struct request_moment {
	int64_t at_us; /* since acceptance */
	const char
	    *what; /* accepted queued picked connected head first_event longest_gap failed end */
	int attempt; /* from 1; 0: of the chat itself */
	char detail[160];
};
#define REQUEST_MOMENTS_MAX (5 + 4 * LIFE_ATTEMPTS)
/** request_timeline - fill moments, ordered by time; returns how many. Pure. */
size_t request_timeline(
    const struct request_record *, struct request_moment out[REQUEST_MOMENTS_MAX]);
#endif
