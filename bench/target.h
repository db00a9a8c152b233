/*
 * target.h - what a run asks: an OpenAI-compatible service, by its URL or its socket.
 */
#ifndef JANUS_BENCH_TARGET_H
#define JANUS_BENCH_TARGET_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/net/url.h"
struct buf;
struct error;
struct http_call;

#define TARGET_MODEL_MAX 256

struct target {
	char *text; /* owned: as it was given */
	char *socket; /* owned: unix:///path; NULL: the URL's host */
	struct url url;
	char base[512]; /* path of the API: "/v1", "/proxy/v1" */
	char *key; /* owned; NULL: none is sent */
	char model[TARGET_MODEL_MAX];
	bool is_janus; /* it said so when it was asked for its models */
	bool has_records; /* it tells what a chat was, GET /api/v1/requests/{id} */
};
/** target_init - take text apart: http(s)://host[:port][/path][/v1] or unix:///path.  INVALID.
 *  key is borrowed for the call; "" and NULL are none. */
int target_init(struct target *, const char *text, const char *key, struct error *);
void target_done(struct target *);
/** target_head - append the head of a POST of len JSON bytes to path below the API, as OpenAI's own
 *  clients write it. */
void target_head(const struct target *, const char *path, size_t len, struct buf *out);
/**
 * target_call - one blocking call; path from the root, "/api/v1/...".
 *
 * json may be NULL.  Any status is 0; the reply is in call->reply, the caller's.  Fields of call that
 * are set stand.  Errors as http_call's.
 */
int target_call(const struct target *, const char *method, const char *path, const char *json,
    struct http_call *, struct error *);
/**
 * target_meet - is it there, what is it, and which model is asked?
 *
 * Sets is_janus, has_records and, where it is "", model: "janus" if it is listed, else the first.
 * UNAVAILABLE: nobody answers; DENIED: not with that key; INVALID: no model is listed and none given.
 */
int target_meet(struct target *, struct error *);

/* What the platform recorded of a chat. */
struct target_record {
	bool found;
	char fault[16], code[48]; /* "" if none */
	int64_t cost_micro_usd; /* -1: it does not say */
	int64_t queue_ms; /* 0 where it does not say */
};
/** target_record_of - by the chat's x-request-id; not found where it is not Janus or may not be read. BLOCKS
 *  for two seconds at most where it is not there yet. */
void target_record_of(const struct target *, const char *request_id, struct target_record *out);
/** target_record_parse - the same from a reply. Pure. */
void target_record_parse(const char *json, size_t len, struct target_record *out);
/** target_models_parse - the first model or "janus", and is it a Janus? Pure; false: none is listed. */
bool target_models_parse(
    const char *json, size_t len, char model[TARGET_MODEL_MAX], bool *is_janus);
#endif
