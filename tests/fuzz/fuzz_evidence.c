/*
 * fuzz_evidence.c - lines of items.jsonl, frames and reports of any bytes.
 *
 * The first byte chooses: lines, which come back as they were read; frames, too; a gzip member; or a
 * report, which every kind of output must bear.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/record/evidence_line.h"
#include "bench/report/report.h"
#include "controlplane/api/frames_list.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/gzip.h"
#include "runtime/base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
same_again(const cJSON *line)
{
	struct attempt a, b;

	if (line_attempt(line, &a, NULL) < 0)
		return;
	_cleanup_json_ cJSON *written = line_of(&a, NULL);
	_cleanup_free_ char *text = json_print(written);
	_cleanup_json_ cJSON *read = NULL;
	if (json_parse(text, strlen(text), &read, NULL) < 0 || line_attempt(read, &b, NULL) < 0)
		abort(); /* what we write can be read */
	if (strcmp(a.id, b.id) != 0 || strcmp(a.item, b.item) != 0 || a.nfiles != b.nfiles ||
	    a.metered_micro_usd != b.metered_micro_usd || a.platform_us != b.platform_us)
		abort();
	attempt_done(&a);
	attempt_done(&b);
}

static void
lines(const char *bytes, size_t len)
{
	_cleanup_json_ cJSON *all = NULL;
	const cJSON *line;
	struct lines l;

	if (lines_parse(bytes, len, &all, &l, NULL) < 0)
		return;
	if (l.len + l.cut != len || (size_t)cJSON_GetArraySize(all) != l.n)
		abort();
	json_for_each(line, all)
		same_again(line);
	_cleanup_json_ cJSON *report = report_of(NULL, all);
	_cleanup_buf_ struct buf html = { 0 };
	report_html(report, &html);
}

static void
frames(const char *bytes, size_t len)
{
	struct attempt a = { .id = "itm_1" }, b = { .id = "itm_1" };
	_cleanup_buf_ struct buf text = { 0 };

	if (frames_read(bytes, len, &a, NULL) == 0) {
		frames_text(&a, &text);
		if (frames_read(buf_str(&text), text.len, &b, NULL) < 0 || a.nframes != b.nframes)
			abort();
		for (size_t i = 0; i < a.nframes; i++) {
			if (a.frames[i].t_us != b.frames[i].t_us ||
			    a.frames[i].bytes.len != b.frames[i].bytes.len ||
			    memcmp(buf_str(&a.frames[i].bytes), buf_str(&b.frames[i].bytes),
				a.frames[i].bytes.len) != 0)
				abort();
		}
	}
	attempt_done(&a);
	attempt_done(&b);
}

static void
report(const char *bytes, size_t len)
{
	static FILE *none;
	_cleanup_json_ cJSON *json = NULL, *analysis = NULL, *both = NULL;
	_cleanup_buf_ struct buf html = { 0 }, csv = { 0 };

	if (none == NULL && (none = fopen("/dev/null", "w")) == NULL)
		abort();
	if (json_parse(bytes, len, &json, NULL) < 0)
		return;
	analysis = analyze(json);
	report_html(json, &html);
	if (memmem(html.data, html.len, "<script", 7) != NULL)
		abort();
	report_csv(json, &csv);
	show_report(json, 0, none);
	show_analysis(analysis, 0, none);
	show_comparison(json, 0, none);
	show_verification(json, 0, none);
	show_replay(json, 0, none);
	compare(json, json, &both, NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *bytes = (const char *)data + 1;
	_cleanup_buf_ struct buf out = { 0 };

	if (len == 0)
		return 0;
	switch (*data % 5) {
	case 0: lines(bytes, len - 1); break;
	case 1: frames(bytes, len - 1); break;
	case 2: gzip_unpack(bytes, len - 1, 1 << 20, &out, NULL); break;
	case 3: frames_list(bytes, len - 1, &out, &(struct frames_seen){ 0 }, NULL); break;
	default: report(bytes, len - 1); break;
	}
	return 0;
}
