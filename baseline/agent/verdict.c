/*
 * verdict.c - an answer, what there is of one, or an error.
 */
#include "baseline/agent/verdict.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "baseline/agent/run.h"

static void __attribute__((format(printf, 3, 4)))
fails(struct verdict *out, enum wire_code code, const char *fmt, ...)
{
	va_list ap;

	out->code = code;
	va_start(ap, fmt);
	vsnprintf(out->text, sizeof(out->text), fmt, ap);
	va_end(ap);
}

static void __attribute__((format(printf, 3, 4)))
ends(struct verdict *out, const char *finish_reason, const char *fmt, ...)
{
	va_list ap;

	out->finish_reason = finish_reason;
	va_start(ap, fmt);
	vsnprintf(out->text, sizeof(out->text), fmt, ap);
	va_end(ap);
}

void
verdict_of(
    const struct run_result *r, bool words, bool files, int64_t limit_ms, struct verdict *out)
{
	const bool something = words || files;

	*out = (struct verdict){ 0 };
	if (r->code != CODE_NONE) {
		out->fault = r->fault;
		fails(out, r->code, "%s", r->text);
	} else if (r->timed_out && something) {
		ends(out, "length",
		    "(The agent was ended at its limit of %" PRId64
		    " s; this is what it had by then.)",
		    limit_ms / 1000);
	} else if (r->timed_out) {
		fails(out, CODE_UPSTREAM_TIMEOUT_TOTAL,
		    "The agent was ended at its limit of time, and had no answer by then.");
	} else if (r->failed && something) {
		ends(out, "stop", "(The agent ended early: %s)", r->text);
	} else if (r->failed) {
		fails(out, CODE_UPSTREAM_BAD_RESPONSE, "The agent failed: %s", r->text);
	} else if (!something) {
		fails(out, CODE_UPSTREAM_BAD_RESPONSE, "The agent ended without an answer.");
	} else {
		ends(out, "stop", "%s", words ? "" : "(The agent wrote no answer, only files.)");
	}
}
