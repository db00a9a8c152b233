/*
 * op.h - something a caller does in a sandbox: one HTTP request, one or more calls to its agent.
 *
 * However it ends (done, client gone, sandbox gone) it ends once, and the kind's free is called.
 */
#ifndef JANUS_SANDBOX_OP_H
#define JANUS_SANDBOX_OP_H
#include <stdbool.h>
#include <stdint.h>

#include "controlplane/sandbox/inside_call.h"
#include "runtime/base/buf.h"
#include "runtime/openai/codes.h"
struct error;
struct http_request;
struct op;
struct sandbox;

struct op_kind {
	int (*frame)(struct op *, const struct inside_frame *, struct error *);
	/** The call is over: answer with op_reply or op_refuse, or begin the next call. */
	void (*ended)(struct op *, const struct inside_end *);
	/** The conversation failed, or the sandbox ends: answer with it. NULL: op_refuse_error. */
	void (*failed)(struct op *, const struct error *);
	/** The client of a stream takes more again; or NULL. */
	void (*drained)(struct op *);
	/** The client of a stream sends no more, or has left: both look the same; or NULL. */
	void (*half_closed)(struct op *);
	void (*free)(struct op *);
	bool uncounted; /* there may be any number of them in a sandbox */
};
struct op { /* first member of the kind's own */
	const struct op_kind *kind;
	struct sandbox *sandbox;
	struct http_request *request;
	struct inside_call *call;
	struct op *next, **prev;
};

/** op_begin - attach to the sandbox; answers 429 and frees it if there are too many. False then. */
bool op_begin(struct op *, const struct op_kind *, struct sandbox *, struct http_request *);
/** op_ask - the next call; request is taken over. */
void op_ask(struct op *, struct buf *request, int64_t deadline_ms, uint64_t max_bytes);
/** op_reply - 200 and a JSON body; frees. */
void op_reply(struct op *, const char *body, size_t len);
/** op_reply_bytes - 200 and bytes of another kind; frees. */
void op_reply_bytes(struct op *, const char *content_type, const char *bytes, size_t len);
/** op_refuse - a code and words; frees. */
void op_refuse(struct op *, enum wire_code, const char *text);
/** op_refuse_errno - what the agent said it could not do; frees. */
void op_refuse_errno(struct op *, int error, const char *what, const char *path);
/** op_refuse_error - the sandbox or the talk with it ended; frees. */
void op_refuse_error(struct op *, const struct error *);
/** op_over - the answer (a stream) is complete: frees. */
void op_over(struct op *, int status, const char *code);
/** op_cut - the answer (a stream) ends where it is: its client sees that it is not whole. Frees. */
void op_cut(struct op *, enum wire_code);
/** ops_fail - everything under way there fails with err. */
void ops_fail(struct sandbox *, const struct error *);
#endif
