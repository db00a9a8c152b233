/*
 * log_frames.c - the frames of a log stream into lines.
 *
 * A frame is 8 bytes (1 stdout or 2 stderr, three zeros, the length big-endian) and a payload:
 * one message, its time first.  A line of the program that is longer than the engine's buffer is
 * several messages, only the last with a newline.
 */
#include <string.h>

#include "runtime/base/clock.h"
#include "runtime/engine/docker/docker.h"

static int
give(struct log_frames *f, log_line_fn *fn, void *arg)
{
	struct log_line line = {
		.is_stderr = f->is_stderr, .text = buf_str(&f->line), .len = f->line.len
	};
	const char *space = f->line.len > 0 ? memchr(f->line.data, ' ', f->line.len) : NULL;
	int status;

	if (space != NULL && space - f->line.data < 40) {
		char time[40];
		const size_t len = (size_t)(space - f->line.data);
		int64_t at_ms;

		memcpy(time, f->line.data, len);
		time[len] = '\0';
		at_ms = clock_parse(time);
		if (at_ms >= 0) {
			line.at_ms = at_ms;
			line.text = space + 1;
			line.len -= len + 1;
		}
	}
	if (line.len > 0 && line.text[line.len - 1] == '\r')
		line.len--;
	status = fn(&line, arg);
	buf_clear(&f->line);
	return status;
}

static int
take_payload(struct log_frames *f, const char *bytes, size_t len, log_line_fn *fn, void *arg)
{
	for (size_t at = 0; at < len;) {
		const char *newline = memchr(bytes + at, '\n', len - at);
		const size_t end = newline != NULL ? (size_t)(newline - bytes) : len;
		const size_t room = LOG_LINE_MAX_BYTES - f->line.len;
		const size_t n = end - at < room ? end - at : room;

		buf_add(&f->line, bytes + at, n);
		at += n;
		if (newline != NULL && at == end)
			at++;
		else if (f->line.len < LOG_LINE_MAX_BYTES)
			continue;
		if (give(f, fn, arg) < 0)
			return -1;
	}
	return 0;
}

static bool
open_frame(struct log_frames *f)
{
	const unsigned char *h = f->header;

	f->header_len = 0;
	f->left = (uint32_t)h[4] << 24 | (uint32_t)h[5] << 16 | (uint32_t)h[6] << 8 | h[7];
	f->is_stderr = h[0] == 2 || h[0] == 3;
	f->bad = h[0] > 3 || h[1] != 0 || h[2] != 0 || h[3] != 0;
	return !f->bad;
}

int
log_frames_feed(struct log_frames *f, const char *bytes, size_t len, log_line_fn *fn, void *arg)
{
	while (len > 0 && !f->bad) {
		size_t n;

		if (f->left == 0) {
			f->header[f->header_len++] = (unsigned char)*bytes++;
			len--;
			if (f->header_len == sizeof(f->header) && !open_frame(f))
				return -1;
			continue;
		}
		n = len < f->left ? len : f->left;
		if (take_payload(f, bytes, n, fn, arg) < 0)
			return -1;
		bytes += n;
		len -= n;
		f->left -= (uint32_t)n;
		if (f->left == 0 && f->line.len > 0 && give(f, fn, arg) < 0)
			return -1;
	}
	return f->bad ? -1 : 0;
}

void
log_frames_done(struct log_frames *f)
{
	buf_done(&f->line);
}
