/*
 * responder.h - the offline responder: a deterministic answer to a chat, without any model.
 *
 * It says so in its first reasoning chunk and never pretends otherwise.  It exists so that every
 * part of the wire can be seen and tested on a machine with no account: it streams reasoning, then
 * content; echoes and transforms text; does exact arithmetic; emits tool calls when tools are
 * offered and asked for by name; reports usage; and can be told by the prompt to pause, to be
 * long, or to fail in each way.  Pure: the caller does the waiting and the sending.
 */
#ifndef JANUS_OPENAI_RESPONDER_H
#define JANUS_OPENAI_RESPONDER_H
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>
struct buf;

#define RESPONDER_MODEL "janus-offline-responder"

enum responder_step {
	RESPONDER_BYTES, /* bytes were added to out: send them, then ask again */
	RESPONDER_WAIT, /* wait *delay_ms, then ask again */
	RESPONDER_END, /* the answer is complete */
	RESPONDER_STATUS, /* answer with *status and out as JSON body (only as the first step) */
	RESPONDER_CUT, /* close the connection here */
	RESPONDER_HANG, /* say nothing more, keep the connection */
	RESPONDER_EXIT, /* end the whole process (only in a pod: a crash on request) */
};

struct responder;
/** responder_new - for a parsed chat request, borrowed until responder_free. id as chat_ids.id. */
struct responder *responder_new(const cJSON *request, const char *id, int64_t created, bool stream);
/** responder_preface - words of its owner's before its reasoning; before the first step. */
void responder_preface(struct responder *, const char *text);
/** responder_next - the next thing to do; streams get events, others one JSON completion. */
enum responder_step responder_next(
    struct responder *, struct buf *out, int64_t *delay_ms, int *status);
/** responder_usage - the tokens so far, as its usage tells them. */
void responder_usage(const struct responder *, int64_t *prompt_tokens, int64_t *completion_tokens);
void responder_free(struct responder *);
/** responder_commands - the list of prompt commands with one line each, for docs and "help". */
const char *responder_commands(void);
#endif
