/*
 * logs.c - what a competitor or an instance wrote.
 */
#include <stdio.h>
#include <string.h>

#include "controlplane/ctl/client.h"
#include "controlplane/ctl/commands.h"
#include "controlplane/ctl/failure.h"
#include "controlplane/ctl/filter.h"
#include "controlplane/ctl/output.h"
#include "controlplane/ctl/refs.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define LINE_MAX_BYTES ((size_t)1 << 20)

struct lines {
	const struct ctl *ctl;
	struct buf begun; /* a line that has not ended yet */
	cJSON *list; /* for json, which wants all of them at once; else NULL */
	unsigned bad; /* lines that are not what was promised */
	bool out_lost; /* nobody reads us any more */
};

static void
lines_done(struct lines *l)
{
	buf_done(&l->begun);
	cJSON_Delete(l->list);
}

static void
print_text(const struct ctl *ctl, const cJSON *line)
{
	const char *ts = json_str(line, "ts"), *stream = json_str(line, "stream");
	const char *text = json_str(line, "text");
	_cleanup_buf_ struct buf out = { 0 }, safe = { 0 };

	if (ctl->format == CTL_WIDE || ctl->opt.utc)
		buf_printf(&out, "%s %s ", ts == NULL ? "-" : ts, stream == NULL ? "-" : stream);
	buf_add_str(&out, text == NULL ? "" : text);
	while (out.len > 0 && (out.data[out.len - 1] == '\n' || out.data[out.len - 1] == '\r'))
		out.len--;
	/* Tabs are text; everything else that moves a cursor is not. */
	for (size_t at = 0; at < out.len;) {
		const char *tab = memchr(out.data + at, '\t', out.len - at);
		const size_t end = tab == NULL ? out.len : (size_t)(tab - out.data);

		str_add_escaped(&safe, out.data + at, end - at);
		if (tab != NULL)
			buf_add_char(&safe, '\t');
		at = end + (tab != NULL);
	}
	printf("%s\n", buf_str(&safe));
}

static void
print_line(struct lines *l, const char *text, size_t len)
{
	static const char *const paths[] = { "ts", "stream", "text" };
	_cleanup_json_ cJSON *line = NULL;
	_cleanup_buf_ struct buf csv = { 0 };

	if (len == 0)
		return;
	if (json_parse(text, len, &line, NULL) < 0 || !cJSON_IsObject(line)) {
		l->bad++;
		return;
	}
	if (l->list != NULL) {
		cJSON_AddItemToArray(cJSON_GetObjectItemCaseSensitive(l->list, "data"), TAKE(line));
	} else if (l->ctl->format == CTL_JSONL) {
		ctl_print_json(line, stdout);
	} else if (l->ctl->format == CTL_CSV) {
		for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
			_cleanup_buf_ struct buf cell = { 0 };

			ctl_field_text(&cell, line, paths[i]);
			ctl_csv_cell(&csv, buf_str(&cell));
			buf_add_char(&csv, i + 1 < ARRAY_LEN(paths) ? ',' : '\n');
		}
		fputs(buf_str(&csv), stdout);
	} else {
		print_text(l->ctl, line);
	}
}

static int
on_data(const char *bytes, size_t len, void *arg)
{
	struct lines *l = arg;
	const char *newline;
	size_t done = 0;

	buf_add(&l->begun, bytes, len);
	while ((newline = memchr(l->begun.data + done, '\n', l->begun.len - done)) != NULL) {
		const size_t line_len = (size_t)(newline - l->begun.data) - done;

		print_line(l, l->begun.data + done, line_len);
		done += line_len + 1;
	}
	buf_drop(&l->begun, done);
	if (l->begun.len > LINE_MAX_BYTES) {
		l->bad++;
		buf_clear(&l->begun);
	}
	if (fflush(stdout) != 0)
		l->out_lost = true;
	return l->out_lost ? -1 : 0;
}

static int
check(const struct ctl *ctl, const char *noun, struct error *err)
{
	if (ctl->format == CTL_ID && !ctl->opt.quiet)
		return error_set(err, ERROR_INVALID, "log lines have no ids");
	if (ctl->format == CTL_JSON && ctl->opt.follow)
		return error_set(err, ERROR_INVALID, "--follow goes with --output jsonl, not json");
	return ctl_ref_check(noun, ctl->words[0], err);
}

int
ctl_logs(struct ctl *ctl)
{
	const char *noun =
	    str_eq(ctl_ref_noun(ctl->words[0]), "instance") ? "instance" : "competitor";
	_cleanup_(lines_done) struct lines l = { .ctl = ctl };
	_cleanup_buf_ struct buf path = { 0 };
	struct ctl_failure f = { 0 };
	struct error err = { 0 };

	if (check(ctl, noun, &err) < 0)
		return ctl_misuse(ctl, "%s", err.text);
	ctl_ref_path(&path, noun, ctl->words[0], "logs");
	buf_printf(
	    &path, "?tail=%lld%s", (long long)ctl->opt.tail, ctl->opt.follow ? "&follow=true" : "");
	if (ctl->format == CTL_JSON) {
		l.list = cJSON_CreateObject();
		json_add_str(l.list, "object", "list");
		json_add_arr(l.list, "data");
	}
	if (ctl->format == CTL_CSV && !ctl->opt.no_headers)
		puts("ts,stream,text");
	ctl_catch_interrupt();
	const struct ctl_call call = {
		.method = "GET",
		.path = buf_str(&path),
		.total_ms = ctl->opt.follow && ctl->opt.timeout_ms == 0 ? -1 : 0,
		.on_data = on_data,
		.arg = &l,
	};
	if (ctl_ask(ctl, &call, NULL, &f) < 0 && !l.out_lost)
		return f.exit_code == CTL_INTERRUPTED ? CTL_INTERRUPTED : ctl_complain(ctl, &f);
	print_line(&l, buf_str(&l.begun), l.begun.len);
	if (l.list != NULL)
		ctl_print_json(l.list, stdout);
	if (l.bad > 0)
		ctl_note(ctl, "%u lines were not readable and are left out", l.bad);
	return CTL_OK;
}
