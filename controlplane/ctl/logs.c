/*
 * logs.c - what a competitor or an instance wrote.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/ctl/client.h"
#include "controlplane/ctl/commands.h"
#include "controlplane/ctl/failure.h"
#include "controlplane/ctl/filter.h"
#include "controlplane/ctl/output.h"
#include "controlplane/ctl/refs.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define LINE_MAX_BYTES ((size_t)1 << 20)
#define TAIL_MAX 10000 /* the most the daemon gives */
#define AFTER_MS 250

struct lines {
	const struct ctl *ctl;
	struct buf begun; /* a line that has not ended yet */
	cJSON *list; /* for json, which wants all of them at once; else NULL */
	unsigned bad; /* lines that are not what was promised */
	bool out_lost; /* nobody reads us any more */
	int64_t from_ms, to_ms; /* only lines of that time; 0: all */
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

	if (ctl->format == CTL_WIDE || ctl->opt.utc || ctl->opt.request != NULL)
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

static bool
is_in_time(const struct lines *l, const cJSON *line)
{
	const char *ts = json_str(line, "ts");
	const int64_t at_ms = ts != NULL ? clock_parse(ts) : -1;

	return l->to_ms == 0 || (at_ms >= l->from_ms && at_ms <= l->to_ms);
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
	if (!is_in_time(l, line))
		return;
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
	const bool has_name = ctl->words_len > 0;

	if (ctl->format == CTL_ID && !ctl->opt.quiet)
		return error_set(err, ERROR_INVALID, "log lines have no ids");
	if (ctl->format == CTL_JSON && ctl->opt.follow)
		return error_set(err, ERROR_INVALID, "--follow goes with --output jsonl, not json");
	if (has_name == (ctl->opt.request != NULL))
		return error_set(err, ERROR_INVALID, "logs takes either NAME or --request ID");
	if (ctl->opt.follow && str_eq(noun, "run"))
		return error_set(err, ERROR_INVALID,
		    "the messages of a run's worker cannot be followed; janusctl wait run tells "
		    "how it goes");
	if (has_name)
		return ctl_ref_check(noun, ctl->words[0], err);
	if (ctl->opt.follow)
		return error_set(err, ERROR_INVALID, "a request that is over cannot be followed");
	return ctl_ref_check("request", ctl->opt.request, err);
}

/* ---- one request: its timeline, then the lines of its time ---- */

static void
print_moment(struct lines *l, const cJSON *moment)
{
	_cleanup_json_ cJSON *line = cJSON_CreateObject();
	_cleanup_buf_ struct buf text = { 0 };
	_cleanup_free_ char *json = NULL;
	const char *detail = json_str(moment, "detail");

	buf_printf(&text, "%s", json_str(moment, "what") != NULL ? json_str(moment, "what") : "-");
	if (json_int(moment, "attempt", 0) > 0)
		buf_printf(&text, " (attempt %lld)", (long long)json_int(moment, "attempt", 0));
	buf_printf(&text, " after %.1f ms%s%s", json_num(moment, "ms", 0),
	    detail != NULL ? ": " : "", detail != NULL ? detail : "");
	json_add_str(line, "ts", json_str(moment, "at"));
	json_add_str(line, "stream", "janus");
	json_add_str(line, "text", buf_str(&text));
	json = json_print(line);
	print_line(l, json, strlen(json));
}

/* The timeline of a request; *instance becomes the caller's, NULL if it reached none. */
static int
begin_request(struct ctl *ctl, struct lines *l, char **instance, struct ctl_failure *f)
{
	_cleanup_json_ cJSON *request = NULL;
	_cleanup_buf_ struct buf path = { 0 };
	const cJSON *moment;

	ctl_ref_path(&path, "request", ctl->opt.request, NULL);
	if (ctl_get(ctl, buf_str(&path), &request, f) < 0)
		return -1;
	json_for_each(moment, json_get(request, "timeline"))
		print_moment(l, moment);
	if (!cJSON_IsArray(json_get(request, "timeline")))
		ctl_note(ctl, "its timeline is not kept any more");
	*instance = str_dup(json_str(request, "instance_id"));
	/* What is written at the very end may carry a later time. */
	l->from_ms = clock_parse(
	    json_str(request, "created_at") != NULL ? json_str(request, "created_at") : "");
	l->to_ms = clock_parse(
		       json_str(request, "ended_at") != NULL ? json_str(request, "ended_at") : "") +
	    AFTER_MS;
	return 0;
}

static int
read_lines(struct ctl *ctl, struct lines *l, const char *noun, const char *name, int64_t tail,
    struct ctl_failure *f)
{
	_cleanup_buf_ struct buf path = { 0 };

	ctl_ref_path(&path, noun, name, "logs");
	buf_printf(&path, "?tail=%lld%s", (long long)tail, ctl->opt.follow ? "&follow=true" : "");
	const struct ctl_call call = {
		.method = "GET",
		.path = buf_str(&path),
		.total_ms = ctl->opt.follow && ctl->opt.timeout_ms == 0 ? -1 : 0,
		.on_data = on_data,
		.arg = l,
	};
	if (ctl_ask(ctl, &call, NULL, f) < 0 && !l->out_lost)
		return -1;
	print_line(l, buf_str(&l->begun), l->begun.len);
	return 0;
}

static int
read_request(struct ctl *ctl, struct lines *l, struct ctl_failure *f)
{
	_cleanup_free_ char *instance = NULL;

	if (begin_request(ctl, l, &instance, f) < 0)
		return -1;
	if (instance == NULL || read_lines(ctl, l, "instance", instance, TAIL_MAX, f) == 0)
		return 0;
	/* It has none (an endpoint), or it is gone: the timeline is worth having alone. */
	if (f->exit_code != CTL_NOT_FOUND && f->exit_code != CTL_INVALID)
		return -1;
	ctl_note(ctl, "no lines of the competitor: %s", f->text);
	free(f->envelope);
	f->envelope = NULL;
	return 0;
}

int
ctl_logs(struct ctl *ctl)
{
	const char *name = ctl->words_len > 0 ? ctl->words[0] : "";
	const char *found = ctl_ref_noun(name);
	const char *noun = str_eq(found, "instance") || str_eq(found, "run") ? found : "competitor";
	_cleanup_(lines_done) struct lines l = { .ctl = ctl };
	struct ctl_failure f = { 0 };
	struct error err = { 0 };
	int rc;

	if (check(ctl, noun, &err) < 0)
		return ctl_misuse(ctl, "%s", err.text);
	if (ctl->format == CTL_JSON) {
		l.list = cJSON_CreateObject();
		json_add_str(l.list, "object", "list");
		json_add_arr(l.list, "data");
	}
	if (ctl->format == CTL_CSV && !ctl->opt.no_headers)
		puts("ts,stream,text");
	ctl_catch_interrupt();
	rc = ctl->opt.request != NULL ? read_request(ctl, &l, &f)
				      : read_lines(ctl, &l, noun, name, ctl->opt.tail, &f);
	if (rc < 0)
		return f.exit_code == CTL_INTERRUPTED ? CTL_INTERRUPTED : ctl_complain(ctl, &f);
	if (l.list != NULL)
		ctl_print_json(l.list, stdout);
	if (l.bad > 0)
		ctl_note(ctl, "%u lines were not readable and are left out", l.bad);
	return CTL_OK;
}
