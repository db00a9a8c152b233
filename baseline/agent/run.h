/*
 * run.h - one agent's run: a sandbox, the pack, the agent, its artifacts, the end of the sandbox.
 *
 * Blocks; for a worker thread.  What happens is told as it happens.  Whatever becomes of it, the
 * sandbox is ended before run_do returns.
 */
#ifndef BASELINE_AGENT_RUN_H
#define BASELINE_AGENT_RUN_H
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "baseline/agent/steps.h"
#include "baseline/agent/task.h"
#include "runtime/engine/sandy/sandy.h"
#include "runtime/openai/codes.h"
struct agent_kind;

struct run_order { /* strings borrowed for the run */
	struct sandy sandy;
	const struct agent_kind *agent;
	const char *model; /* NULL: none, or only fixed rules */
	const char *base_url,
	    *key; /* of the models, as the sandbox reaches them; key NULL: it has one */
	const char *platform_url; /* as the sandbox and we reach it; NULL: there is none */
	const char *request_id;
	struct task task;
	bool insists; /* on a sandbox: tries again where none can be had at once */
	int64_t due_ms; /* monotonic: by then all is over, the sandbox too */
	atomic_bool cancel; /* nobody waits any more: end it */
};

enum run_note_kind {
	RUN_SANDBOX, /* there is one: text its id, ms how long that took */
	RUN_READY, /* the pack is in it; text: which */
	RUN_STEP,
	RUN_ARTIFACT, /* text its name, bytes and len */
	RUN_PROBLEM, /* something could not be had; text says what */
	RUN_SANDBOX_END, /* it is gone, or will be when its time is over; ms it was there */
};
struct run_note { /* borrowed for the call */
	enum run_note_kind kind;
	const char *text;
	const char *bytes;
	size_t len;
	int64_t ms;
	struct step step;
};
typedef void run_note_fn(const struct run_note *, void *arg);

struct run_result {
	enum wire_code code; /* CODE_NONE: the agent came to its end, well or not */
	const char *fault; /* of a code; NULL: as its table says */
	char text[240]; /* why, or what was not well about it */
	bool has_sandbox; /* there was one */
	bool failed; /* the agent said so, or its exit code */
	bool timed_out; /* it was ended for its time */
	int64_t prompt_tokens, completion_tokens;
	int64_t
	    cost_micro_usd; /* of everything, measured by the platform, or else as it says; -1 */
	int64_t sandbox_ms;
};
void run_do(struct run_order *, run_note_fn *, void *arg, struct run_result *out);
#endif
