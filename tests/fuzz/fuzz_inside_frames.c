/*
 * fuzz_inside_frames.c - whatever a sandbox answers: the verdict and the frames must not depend on
 * how it is cut, and what is parsed is within its bounds.  The first byte says how it is cut.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/sandbox/inside/protocol.h"
#include "controlplane/sandbox/inside_frames.h"
#include "runtime/base/buf.h"

static int
on_frame(const struct inside_frame *f, void *arg)
{
	struct inside_entry entry;
	struct inside_end end;

	if (f->len > INSIDE_FRAME_MAX_BYTES)
		abort();
	if (inside_end_parse(f, &end, NULL) == 0 &&
	    (end.exit_code < 0 || end.exit_code > 255 || end.signal < 0 || end.signal > 64))
		abort();
	if (inside_entry_parse(f, &entry, NULL) == 0 &&
	    (entry.size < 0 || strlen(entry.name) >= sizeof(entry.name)))
		abort();
	buf_add_char(arg, f->type);
	buf_add(arg, f->payload, f->len);
	return 0;
}

static int
run(const char *bytes, size_t len, size_t step, struct buf *seen)
{
	struct inside_reader r = { 0 };
	int rc = 0;

	for (size_t at = 0; at < len && rc == 0; at += step)
		rc = inside_feed(
		    &r, bytes + at, step < len - at ? step : len - at, on_frame, seen, NULL);
	inside_reader_done(&r);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	struct buf split = { 0 }, whole = { 0 };

	if (size < 2)
		return 0;
	const char *const bytes = (const char *)input + 1;
	const int a = run(bytes, size - 1, (size_t)input[0] % 64 + 1, &split);
	const int b = run(bytes, size - 1, size - 1, &whole);
	if (a != b || split.len != whole.len ||
	    (split.len > 0 && memcmp(split.data, whole.data, split.len) != 0))
		abort();
	buf_done(&split);
	buf_done(&whole);
	return 0;
}
