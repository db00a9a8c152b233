/*
 * log.c - write events to stderr.
 */
#include "runtime/base/log.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/buf.h"
#include "runtime/base/clock.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define LINE_MAX_BYTES 16384

/* The one global in the project: every thread writes to the same stderr. */
static struct {
	char component[32];
	_Atomic int level;
	bool text;
	bool journal;
	_Atomic uint64_t dropped;
} logger = { .component = "janus", .level = LOG_INFO };

static const char *const level_names[] = { "debug", "info", "warn", "error" };
static const int level_syslog[] = { 7, 6, 4, 3 };

static bool
stderr_is_journal(void)
{
	const char *want = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	return want != NULL && sscanf(want, "%llu:%llu", &dev, &ino) == 2 && fstat(2, &st) == 0 &&
	    st.st_dev == dev && st.st_ino == ino;
}

void
log_init(const char *component)
{
	snprintf(logger.component, sizeof(logger.component), "%s", component);
	logger.text = isatty(2);
	logger.journal = stderr_is_journal();
}

static int
level_of(const char *word, size_t len)
{
	for (int i = 0; i < (int)(sizeof(level_names) / sizeof(level_names[0])); i++)
		if (strlen(level_names[i]) == len && strncmp(level_names[i], word, len) == 0)
			return i;
	return -1;
}

int
log_set_levels(const char *spec)
{
	int level = -1;

	/* "info,router=debug": the part that names this component, or the bare one. */
	while (*spec != '\0') {
		const size_t len = strcspn(spec, ",");
		const char *eq = memchr(spec, '=', len);

		if (eq == NULL) {
			const int l = level_of(spec, len);
			if (l < 0)
				return -1;
			if (level < 0)
				level = l;
		} else {
			const int l = level_of(eq + 1, len - (size_t)(eq + 1 - spec));
			if (l < 0)
				return -1;
			if (strncmp(spec, logger.component, (size_t)(eq - spec)) == 0)
				level = l;
		}
		spec += len + (spec[len] == ',');
	}
	if (level < 0)
		return -1;
	logger.level = level;
	return 0;
}

bool
log_wants(enum log_level level)
{
	return (int)level >= logger.level;
}

uint64_t
log_dropped(void)
{
	return logger.dropped;
}

static void
add_value(struct buf *b, const struct log_field *f)
{
	switch (f->type) {
	case LOG_FIELD_STR: json_add_quoted(b, f->str, strlen(f->str)); break;
	case LOG_FIELD_INT: buf_printf(b, "%lld", (long long)f->num); break;
	case LOG_FIELD_NUM: buf_printf(b, "%.6g", f->real); break;
	case LOG_FIELD_BOOL: buf_add_str(b, f->num ? "true" : "false"); break;
	case LOG_FIELD_END: break;
	}
}

static void
add_fields(struct buf *b, const struct log_field *fields, bool text)
{
	for (const struct log_field *f = fields; f->name != NULL; f++) {
		if (f->type == LOG_FIELD_STR && f->str == NULL)
			continue;
		if (b->len > LINE_MAX_BYTES - 1024)
			return;
		if (text)
			buf_printf(b, " %s=", f->name);
		else
			buf_printf(b, ",\"%s\":", f->name);
		if (f->type == LOG_FIELD_STR && strlen(f->str) > 4096) {
			struct log_field cut = *f;
			_cleanup_buf_ struct buf head = { 0 };

			buf_add(&head, f->str, 4096);
			cut.str = buf_str(&head);
			add_value(b, &cut);
		} else {
			add_value(b, f);
		}
	}
}

void
log_event(enum log_level level, const char *msg, const struct log_field *fields)
{
	_cleanup_buf_ struct buf b = { 0 };
	char ts[CLOCK_TEXT_MAX];

	clock_format(clock_wall_ms(), ts);
	if (logger.text) {
		buf_printf(&b, "%.12s %-5s %s", ts + 11, level_names[level], msg);
		add_fields(&b, fields, true);
	} else {
		if (logger.journal)
			buf_printf(&b, "<%d>", level_syslog[level]);
		buf_printf(&b, "{\"ts\":\"%s\",\"level\":\"%s\",\"msg\":\"%s\",\"component\":\"%s\",\"pid\":%d",
		    ts, level_names[level], msg, logger.component, (int)getpid());
		add_fields(&b, fields, false);
		buf_add_char(&b, '}');
	}
	buf_add_char(&b, '\n');
	/* One write a line: lines of several threads never mix. */
	if (write(2, b.data, b.len) != (ssize_t)b.len)
		logger.dropped++;
}
