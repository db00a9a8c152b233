/*
 * report_open.c - a report from wherever it is: its own file, evidence, an archive of evidence.
 */
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/record/evidence.h"
#include "bench/report/opened.h"
#include "bench/report/report.h"
#include "bench/report/result_internal.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define REPORT_MAX ((size_t)512 << 20)
#define TRACES_MAX 6
#define TRACE_POINTS 500

/* ---- when the bytes of the items with the longest silences came ---- */

struct tracing {
	const cJSON *worst[TRACES_MAX]; /* lines, the worst first */
	cJSON *made[TRACES_MAX]; /* of each; NULL: its frames were not found */
	size_t n;
};

static void
choose(struct tracing *t, const cJSON *lines)
{
	struct standing s;

	standing_of(lines, &s);
	for (size_t i = 0; i < s.n; i++) {
		const double gap = measured_number(s.lines[i], "max_gap_ms");
		size_t at = t->n;

		if (!result_counts(s.lines[i]) || !isfinite(gap))
			continue;
		while (at > 0 && measured_number(t->worst[at - 1], "max_gap_ms") < gap)
			at--;
		if (at == TRACES_MAX)
			continue;
		if (t->n < TRACES_MAX)
			t->n++;
		memmove(&t->worst[at + 1], &t->worst[at], (t->n - 1 - at) * sizeof(*t->worst));
		t->worst[at] = s.lines[i];
	}
	standing_done(&s);
}

static bool
is_ping(const struct frame *f)
{
	return f->bytes.len > 0 && f->bytes.data[0] == ':' &&
	    strstr(buf_str(&f->bytes), "data:") == NULL;
}

static void
add_event(cJSON *events, double t_ms, double bytes, bool ping)
{
	cJSON *e = json_add_arr(events, NULL);

	cJSON_AddItemToArray(e, cJSON_CreateNumber(t_ms));
	cJSON_AddItemToArray(e, cJSON_CreateNumber(bytes));
	cJSON_AddItemToArray(e, cJSON_CreateBool(ping));
}

/* What comes within a five-hundredth of the whole is one point. */
static void
add_events(cJSON *trace, const struct attempt *a)
{
	cJSON *events = json_add_arr(trace, "events"), *turns = json_add_arr(trace, "turns");
	const double step =
	    a->nframes > 0 ? (double)a->frames[a->nframes - 1].t_us / 1000 / TRACE_POINTS : 0;
	double t_ms = 0, bytes = 0;
	bool ping = true, any = false;

	for (size_t i = 0; i < a->nframes; i++) {
		const struct frame *f = &a->frames[i];
		const double now = (double)f->t_us / 1000;

		if (f->kind == FRAME_REQUEST)
			cJSON_AddItemToArray(turns, cJSON_CreateNumber(now));
		if (f->kind != FRAME_BODY)
			continue;
		if (any && now - t_ms >= step) {
			add_event(events, t_ms, bytes, ping);
			bytes = 0;
			ping = true;
		}
		if (!any || bytes == 0)
			t_ms = now;
		bytes += (double)f->bytes.len;
		ping = ping && is_ping(f);
		any = true;
	}
	if (any)
		add_event(events, t_ms, bytes, ping);
}

static int
trace_one(const struct evidence_record *r, void *arg, struct error *err)
{
	struct tracing *t = arg;

	(void)err;
	for (size_t i = 0; i < t->n; i++) {
		if (!str_eq(json_str(t->worst[i], "id"), r->attempt->id))
			continue;
		cJSON *trace = cJSON_CreateObject();

		cJSON_Delete(t->made[i]);
		t->made[i] = trace;
		json_add_str(trace, "item", r->attempt->item);
		add_copy(trace, "task_type", json_get(r->json, "task_type"));
		add_copy(trace, "ttft_ms", json_path(r->json, "measured.ttft_ms"));
		add_copy(trace, "duration_ms", json_path(r->json, "measured.duration_ms"));
		add_copy(trace, "max_gap_ms", json_path(r->json, "measured.max_gap_ms"));
		add_events(trace, r->attempt);
	}
	return 0;
}

void
report_add_traces(cJSON *report, const char *dir)
{
	struct tracing t = { .n = 0 };

	choose(&t, json_get(report, "results"));
	if (t.n > 0)
		evidence_each(dir, NULL, trace_one, &t, NULL);
	cJSON_DeleteItemFromObjectCaseSensitive(report, "traces");
	cJSON *traces = json_add_arr(report, "traces");
	for (size_t i = 0; i < t.n; i++)
		cJSON_AddItemToArray(traces, t.made[i]); /* NULL is not added */
}

/* ---- where it is ---- */

/* A run that has not ended, or never will: what its lines come to so far. */
static void
add_totals_so_far(cJSON *manifest, const char *dir, const cJSON *lines)
{
	_cleanup_json_ cJSON *totals = NULL;
	struct opened o = { 0 };
	const cJSON *m;

	if (json_get(manifest, "scores") != NULL || opened_run(dir, NULL, &o, NULL) < 0)
		return;
	if (opened_tally(&o, lines, &totals, NULL) == 0) {
		json_for_each(m, totals)
			add_copy(manifest, m->string, m);
	}
	opened_done(&o);
}

static int
from_dir(const char *dir, cJSON **out, struct error *err)
{
	_cleanup_json_ cJSON *manifest = NULL, *lines = NULL;

	if (evidence_read_json(dir, EVIDENCE_MANIFEST, &manifest, err) < 0 ||
	    evidence_lines(dir, NULL, &lines, err) < 0)
		return -1;
	if (!cJSON_IsObject(manifest))
		return error_set(err, ERROR_INVALID, "%s/" EVIDENCE_MANIFEST ": no object", dir);
	add_totals_so_far(manifest, dir, lines);
	*out = report_of(manifest, lines);
	report_add_traces(*out, dir);
	return 0;
}

static int
from_file(const char *path, cJSON **out, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_json_ cJSON *json = NULL;
	size_t len;

	if (file_read(path, REPORT_MAX, &text, &len, err) < 0)
		return -1;
	if (json_parse(text, len, &json, err) < 0)
		return error_add(err, "%s", path);
	if (!str_eq(json_str(json, "object"), "report") ||
	    !cJSON_IsArray(json_get(json, "results")))
		return error_set(err, ERROR_INVALID,
		    "%s: not a report: give a report.json, an evidence directory or its .tar.gz",
		    path);
	*out = TAKE(json);
	return 0;
}

/* Does it begin as JSON does? */
static int
is_json(const char *path, bool *dir, struct error *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char c = '\0';

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_errno(err, "%s", path);
	*dir = S_ISDIR(st.st_mode);
	return !*dir && read(fd, &c, 1) == 1 && (c == '{' || c == ' ' || c == '\n');
}

int
report_open(const char *path, cJSON **out, struct error *err)
{
	__attribute__((cleanup(unpacked_done))) struct unpacked u = { 0 };
	bool dir = false;
	const int json = is_json(path, &dir, err);

	if (json < 0)
		return -1;
	if (json)
		return from_file(path, out, err);
	if (unpacked_open(path, &u, err) < 0)
		return -1;
	return from_dir(u.dir, out, err);
}
