/*
 * log.c - write events to stderr.
 */
#include "runtime/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define LINE_MAX_BYTES 16384
#define VALUE_MAX_BYTES 4096

/* The one global in the project: every thread writes to the same stderr. */
static struct {
	char component[32];
	_Atomic int level;
	bool text;
	bool journal;
	bool has_reader; /* stderr is no file: who reads it may have stopped */
	int fd;
	int pid;
	_Atomic uint64_t dropped;
	_Atomic bool cut; /* what was written last is no whole line */
	pthread_mutex_t turn; /* to write, where somebody reads */
} logger = { .component = "janus", .level = LOG_INFO, .fd = 2, .turn = PTHREAD_MUTEX_INITIALIZER };

/* The newest lines, for who asks later: a ring that begins with a whole line. */
struct kept {
	char *bytes; /* NULL: none are */
	size_t cap, from, len;
};
static struct {
	pthread_mutex_t lock;
	struct kept all, troubles;
} keeping = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* A pipe takes as much in one piece: lines of several threads never mix. */
static _Thread_local struct {
	char text[PIPE_BUF];
	size_t len;
	bool on;
} gathered;

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

static bool
stderr_has_reader(void)
{
	struct stat st;

	return fstat(2, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) || isatty(2));
}

/* Stderr, or the same terminal opened once more.  O_NONBLOCK on stderr itself would be so for the
 * shell too, and a terminal may have room for a part of a line and wait with the rest. */
static int
open_stderr(void)
{
	const int flags = O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	const int fd = isatty(2) ? open("/proc/self/fd/2", flags) : 2;

	return fd >= 0 ? fd : 2;
}

void
log_init(const char *component)
{
	snprintf(logger.component, sizeof(logger.component), "%s", component);
	logger.pid = (int)getpid();
	logger.text = isatty(2);
	logger.journal = stderr_is_journal();
	logger.has_reader = stderr_has_reader();
	if (logger.fd != 2)
		close(logger.fd);
	logger.fd = open_stderr();
	atexit(log_flush);
}

static bool
would_block(void)
{
	struct pollfd p = { .fd = logger.fd, .events = POLLOUT };
	int n;

	do
		n = poll(&p, 1, 0);
	while (n < 0 && errno == EINTR);
	return n <= 0;
}

/* Returns how many bytes went.  A pipe that can be written to takes PIPE_BUF of them at once. */
static size_t
put_bytes(const char *bytes, size_t len)
{
	const size_t most = logger.has_reader ? PIPE_BUF : len;
	size_t done = 0;

	while (done < len && !(logger.has_reader && would_block())) {
		const ssize_t n =
		    write(logger.fd, bytes + done, len - done < most ? len - done : most);

		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno != EINTR)
			break;
	}
	return done;
}

static void
write_lines(const char *bytes, size_t len)
{
	size_t done = 0;

	if (len == 0)
		return;
	if (logger.has_reader)
		pthread_mutex_lock(&logger.turn);
	if (!logger.cut || put_bytes("\n", 1) == 1) {
		done = put_bytes(bytes, len);
		logger.cut = done > 0 && bytes[done - 1] != '\n';
	}
	if (logger.has_reader)
		pthread_mutex_unlock(&logger.turn);
	for (const char *at = bytes + done, *end = bytes + len;
	     at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++)
		logger.dropped++;
}

static void
write_gathered(void)
{
	write_lines(gathered.text, gathered.len);
	gathered.len = 0;
}

void
log_gather(void)
{
	gathered.on = true;
}

void
log_flush(void)
{
	write_gathered();
	gathered.on = false;
}

static void
drop_oldest(struct kept *k)
{
	while (k->len > 0) {
		const size_t stretch = k->cap - k->from < k->len ? k->cap - k->from : k->len;
		const char *begin = k->bytes + k->from, *end = memchr(begin, '\n', stretch);
		const size_t gone = end != NULL ? (size_t)(end - begin) + 1 : stretch;

		k->from = (k->from + gone) % k->cap;
		k->len -= gone;
		if (end != NULL)
			return;
	}
}

static void
keep(struct kept *k, const char *line, size_t len)
{
	if (k->bytes == NULL || len > k->cap)
		return;
	while (k->cap - k->len < len)
		drop_oldest(k);
	const size_t at = (k->from + k->len) % k->cap;
	const size_t first = k->cap - at < len ? k->cap - at : len;
	memcpy(k->bytes + at, line, first);
	memcpy(k->bytes, line + first, len - first);
	k->len += len;
}

static void
keep_line(enum log_level level, const struct buf *line)
{
	const size_t prefix = logger.journal && !logger.text ? 3 : 0; /* "<6>" */

	if (keeping.all.bytes == NULL)
		return;
	pthread_mutex_lock(&keeping.lock);
	keep(&keeping.all, line->data + prefix, line->len - prefix);
	if (level >= LOG_WARN)
		keep(&keeping.troubles, line->data + prefix, line->len - prefix);
	pthread_mutex_unlock(&keeping.lock);
}

static void
keep_done(void)
{
	pthread_mutex_lock(&keeping.lock);
	free(keeping.all.bytes);
	free(keeping.troubles.bytes);
	keeping.all = keeping.troubles = (struct kept){ 0 };
	pthread_mutex_unlock(&keeping.lock);
}

void
log_keep(size_t bytes)
{
	keeping.all = (struct kept){ .bytes = mem_zalloc(bytes), .cap = bytes };
	keeping.troubles = (struct kept){ .bytes = mem_zalloc(bytes), .cap = bytes };
	atexit(keep_done);
}

void
log_kept(bool only_troubles, struct buf *out)
{
	pthread_mutex_lock(&keeping.lock);
	const struct kept *k = only_troubles ? &keeping.troubles : &keeping.all;
	const size_t first = k->cap - k->from < k->len ? k->cap - k->from : k->len;
	if (k->len > 0) {
		buf_add(out, k->bytes + k->from, first);
		buf_add(out, k->bytes, k->len - first);
	}
	pthread_mutex_unlock(&keeping.lock);
}

static void
put_line(enum log_level level, const struct buf *line)
{
	keep_line(level, line);
	if (line->len > sizeof(gathered.text) - gathered.len)
		write_gathered();
	if (!gathered.on || line->len > sizeof(gathered.text)) {
		write_lines(line->data, line->len);
		return;
	}
	memcpy(gathered.text + gathered.len, line->data, line->len);
	gathered.len += line->len;
	if (level >= LOG_WARN)
		write_gathered();
}

static int
level_of(const char *word, size_t len)
{
	for (int i = 0; i < (int)(sizeof(level_names) / sizeof(level_names[0])); i++)
		if (strlen(level_names[i]) == len && strncmp(level_names[i], word, len) == 0)
			return i;
	return -1;
}

/* Of this component; -1 if a word is not a level. */
static int
level_in(const char *spec)
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
			const size_t name = (size_t)(eq - spec);
			if (strncmp(spec, logger.component, name) == 0 &&
			    logger.component[name] == '\0')
				level = l;
		}
		spec += len + (spec[len] == ',');
	}
	return level;
}

bool
log_levels_valid(const char *spec)
{
	return level_in(spec) >= 0;
}

int
log_set_levels(const char *spec)
{
	const int level = level_in(spec);

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

/* Quoted within room bytes: an escape makes up to six of one. */
static void
add_text(struct buf *b, const char *text, size_t room)
{
	const size_t start = b->len, len = strnlen(text, VALUE_MAX_BYTES);

	json_add_quoted(b, text, len);
	if (b->len - start <= room)
		return;
	b->len = start;
	json_add_quoted(b, text, len < (room - 2) / 6 ? len : (room - 2) / 6);
}

/* Three decimals are enough for what is measured in milliseconds. */
static void
add_real(struct buf *b, double v)
{
	if (!(v >= 0 && v < 1e9)) {
		if (isfinite(v))
			buf_printf(b, "%.6g", v);
		else
			buf_add_str(b, "null"); /* JSON has no word for it */
		return;
	}
	const int64_t thousandths = (int64_t)(v * 1000 + 0.5);
	unsigned part = (unsigned)(thousandths % 1000), unit = 100;

	buf_add_int(b, thousandths / 1000);
	if (part == 0)
		return;
	buf_add_char(b, '.');
	for (; part != 0; part %= unit, unit /= 10)
		buf_add_char(b, (char)('0' + part / unit));
}

static void
add_value(struct buf *b, const struct log_field *f)
{
	switch (f->type) {
	case LOG_FIELD_STR: add_text(b, f->str, LINE_MAX_BYTES - 64 - b->len); break;
	case LOG_FIELD_INT: buf_add_int(b, f->num); break;
	case LOG_FIELD_NUM: add_real(b, f->real); break;
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
		buf_add_str(b, text ? " " : ",\"");
		buf_add_str(b, f->name);
		buf_add_str(b, text ? "=" : "\":");
		add_value(b, f);
	}
}

static void
add_pair(struct buf *b, const char *before, const char *word)
{
	buf_add_str(b, before);
	buf_add_str(b, word);
}

void
log_event(enum log_level level, const char *msg, const struct log_field *fields)
{
	_cleanup_buf_ struct buf b = { 0 };
	char ts[CLOCK_TEXT_MAX];

	buf_reserve(&b, 1000); /* most lines */

	clock_format(clock_wall_ms(), ts);
	if (logger.text) {
		buf_printf(&b, "%.12s %-5s %s", ts + 11, level_names[level], msg);
		add_fields(&b, fields, true);
	} else {
		if (logger.journal)
			buf_printf(&b, "<%d>", level_syslog[level]);
		add_pair(&b, "{\"ts\":\"", ts);
		add_pair(&b, "\",\"level\":\"", level_names[level]);
		add_pair(&b, "\",\"msg\":\"", msg);
		add_pair(&b, "\",\"component\":\"", logger.component);
		buf_add_str(&b, "\",\"pid\":");
		buf_add_int(&b, logger.pid != 0 ? logger.pid : (int)getpid());
		add_fields(&b, fields, false);
		buf_add_char(&b, '}');
	}
	buf_add_char(&b, '\n');
	put_line(level, &b);
}

void
log_fields(enum log_level level, const char *msg, ...)
{
	struct log_field fields[40];
	size_t n = 0;
	va_list ap;

	va_start(ap, msg);
	do
		fields[n] = va_arg(ap, struct log_field);
	while (fields[n].name != NULL && ++n < ARRAY_LEN(fields) - 1);
	va_end(ap);
	fields[n] = LOG_END;
	log_event(level, msg, fields);
}
