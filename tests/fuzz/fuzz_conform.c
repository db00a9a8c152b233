/*
 * fuzz_conform.c - any bytes as a recorded stream: taken apart without harm, counted honestly, and judged.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/supervise/conform_ask.h"
#include "controlplane/supervise/conform_checks.h"
#include "controlplane/supervise/conform_stream.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conform_stream s;
	struct conform_run run = { .model = "janus/owl", .marker = { "a", "b" }, .left_open = -1 };
	struct conform_answer *a = &run.answers[0][0];

	conform_stream_read((const char *)data, size, &s);
	if (s.events > size || s.dones > size || s.finishes > s.events || s.usages > s.events ||
	    s.nartifacts > CONFORM_ARTIFACTS_MAX)
		abort();
	conform_stream_done(&s);
	for (size_t i = 0; i < conform_checks_len; i++) {
		char seen[CONFORM_SEEN_MAX] = "";

		a->body = str_ndup((const char *)data, size);
		a->r.body = a->body;
		a->r.len = size;
		a->r.status = 200;
		strcpy(a->r.content_type,
		    conform_checks[i].ask == ask_stream ? "text/event-stream" : "application/json");
		run.nanswers[0] = 1;
		conform_checks[i].judge(&run, seen);
		if (seen[0] == '\0')
			abort();
		conform_run_clear(&run);
	}
	return 0;
}
