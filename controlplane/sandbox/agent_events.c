/*
 * agent_events.c - lines and snapshots to events.
 */
#include "controlplane/sandbox/agent_events.h"

#include <stdlib.h>
#include <string.h>

#include "controlplane/sandbox/inside_frames.h"
#include "runtime/base/json.h"
#include "runtime/base/json_scan.h"
#include "runtime/base/str.h"

#define LINE_MAX_BYTES (64 * 1024)
#define CHANGES_MAX 500 /* named in one event */

void
event_text(struct buf *out, const char *type, const char *key, const char *text, size_t len)
{
	buf_printf(out, "data: {\"type\":\"%s\",\"%s\":", type, key);
	json_add_quoted(out, text, len);
	buf_add_str(out, "}\n\n");
}

void
event_number(struct buf *out, const char *type, const char *key, double value)
{
	buf_printf(out, "data: {\"type\":\"%s\",\"%s\":%.1f}\n\n", type, key, value);
}

void
event_complete(struct buf *out, bool success, int exit_code, double seconds, bool cancelled)
{
	buf_printf(out,
	    "data: {\"type\":\"complete\",\"success\":%s,\"exitCode\":%d,\"duration\":%.2f%s}\n\n",
	    success ? "true" : "false", exit_code, seconds, cancelled ? ",\"cancelled\":true" : "");
}

/* ---- lines ---- */

static int
note_top(const struct json_value *v, void *arg)
{
	if (v->depth == 0)
		*(bool *)arg = v->type == JSON_OBJECT;
	return 0;
}

/* Is it one JSON object, whichever way it is read? */
static bool
is_object(const char *line, size_t len)
{
	bool object = false;

	return len > 0 && line[0] == '{' && json_scan(line, len, note_top, &object, NULL) == 0 &&
	    object;
}

static void
add_text(struct agent_lines *l, struct buf *out, size_t len)
{
	event_text(out, l->is_stderr ? "stderr" : "output", "text", buf_str(&l->line), len);
}

/* The line is whole, its newline the last byte. */
static void
line_over(struct agent_lines *l, struct buf *out)
{
	size_t len = l->line.len - 1;

	if (len > 0 && l->line.data[len - 1] == '\r')
		len--;
	if (!l->is_stderr && is_object(l->line.data, len)) {
		buf_add_str(out, "data: {\"type\":\"agent-output\",\"data\":");
		buf_add(out, l->line.data, len);
		buf_add_str(out, "}\n\n");
	} else {
		add_text(l, out, l->line.len);
	}
	buf_clear(&l->line);
}

/* How much of the end of bytes is a character that is not whole. */
static size_t
unfinished(const char *bytes, size_t len)
{
	for (size_t back = 1; back <= 3 && back <= len; back++) {
		const unsigned char c = (unsigned char)bytes[len - back];

		if (c < 0x80)
			return 0;
		if (c >= 0xc0)
			return back < (c >= 0xf0 ? 4U : c >= 0xe0 ? 3U : 2U) ? back : 0;
	}
	return 0;
}

static void
line_too_long(struct agent_lines *l, struct buf *out)
{
	const size_t keep = unfinished(l->line.data, l->line.len);

	add_text(l, out, l->line.len - keep);
	buf_drop(&l->line, l->line.len - keep);
}

void
agent_lines_feed(struct agent_lines *l, struct buf *out, const char *bytes, size_t len)
{
	while (len > 0) {
		const char *nl = memchr(bytes, '\n', len);
		size_t n = nl != NULL ? (size_t)(nl - bytes) + 1 : len;

		if (n > LINE_MAX_BYTES - l->line.len) {
			n = LINE_MAX_BYTES - l->line.len;
			nl = NULL;
		}
		buf_add(&l->line, bytes, n);
		bytes += n;
		len -= n;
		if (nl != NULL)
			line_over(l, out);
		else if (l->line.len >= LINE_MAX_BYTES)
			line_too_long(l, out);
	}
}

void
agent_lines_end(struct agent_lines *l, struct buf *out)
{
	if (l->line.len > 0) {
		buf_add_char(&l->line, '\n');
		if (!l->is_stderr && is_object(l->line.data, l->line.len - 1))
			line_over(l, out);
		else
			add_text(l, out, l->line.len - 1);
	}
	buf_done(&l->line);
}

/* ---- files ---- */

void
snapshot_add(struct snapshot *s, const struct inside_entry *e)
{
	if (e->kind != 'f')
		return;
	if (s->len == s->cap) {
		s->cap = s->cap != 0 ? s->cap * 2 : 64;
		s->files = mem_realloc(s->files, s->cap * sizeof(*s->files));
	}
	s->files[s->len++] = (struct snapshot_file){ str_dup(e->name), e->size, e->changed_at_ms };
}

void
snapshot_done(struct snapshot *s)
{
	for (size_t i = 0; i < s->len; i++)
		free(s->files[i].name);
	free(s->files);
	*s = (struct snapshot){ 0 };
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(
	    ((const struct snapshot_file *)a)->name, ((const struct snapshot_file *)b)->name);
}

static void
sort(struct snapshot *s)
{
	if (s->len > 1)
		qsort(s->files, s->len, sizeof(*s->files), by_name);
}

bool
event_files(struct buf *out, struct snapshot *before, struct snapshot *after)
{
	_cleanup_buf_ struct buf files = { 0 }, changes = { 0 };
	size_t n = 0;

	sort(before);
	sort(after);
	for (size_t i = 0; i < after->len && n < CHANGES_MAX; i++) {
		const struct snapshot_file *f = &after->files[i];
		const struct snapshot_file *old = before->len == 0
		    ? NULL
		    : bsearch(f, before->files, before->len, sizeof(*f), by_name);

		if (old != NULL && old->size == f->size && old->changed_at_ms == f->changed_at_ms)
			continue;
		if (n++ > 0) {
			buf_add_char(&files, ',');
			buf_add_char(&changes, ',');
		}
		json_add_quoted(&files, f->name, strlen(f->name));
		buf_add_str(&changes, "{\"path\":");
		json_add_quoted(&changes, f->name, strlen(f->name));
		buf_printf(
		    &changes, ",\"changeType\":\"%s\"}", old != NULL ? "modified" : "created");
	}
	if (n == 0)
		return false;
	buf_printf(out,
	    "data: {\"type\":\"files-update\",\"files\":[%s],\"changes\":[%s],\"totalFiles\":%zu}"
	    "\n\n",
	    buf_str(&files), buf_str(&changes), after->len);
	return true;
}
