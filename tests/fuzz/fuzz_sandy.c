/*
 * fuzz_sandy.c - whatever a sandbox service answers, it is a result or an error.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "runtime/base/error.h"
#include "runtime/engine/sandy/pod.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static int
ignore(const struct log_line *line, void *arg)
{
	(void)arg;
	assert(line->text != NULL);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const char *text = (const char *)bytes;
	struct error err = { 0 };
	struct sandy_box box = { 0 };
	struct sandy_result result = { 0 };
	struct sandy_outcome outcome = { 0 };
	struct pod_state state = { 0 };
	struct pod_use use = { 0 };
	struct buf file = { 0 }, log = { 0 };
	int64_t newest_ms = 0;

	if (sandy_box_parse(text, len, &box, &err) == 0)
		assert(box.id[0] != '\0' && strchr(box.id, '/') == NULL);
	if (sandy_result_parse(text, len, &result, &err) == 0)
		sandy_result_warming(&result);
	sandy_file_parse("application/json", text, len, &file, &err);
	sandy_stats_parse(text, len, "sb_1", &use, &err);
	sandy_refusal(&err, 500, text, len, "do it");
	sandy_event_take(text, len, NULL, NULL, &outcome);
	sandy_inspect_parse(text, len, &state, &err);
	buf_add(&log, text, len);
	sandy_log_lines(&log, false, 0, &newest_ms, ignore, NULL);
	sandy_result_done(&result);
	buf_done(&file);
	buf_done(&log);
	return 0;
}
