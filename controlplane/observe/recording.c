/*
 * recording.c - frames through a redactor and zlib to the disk.
 */
#include "controlplane/observe/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "runtime/base/file.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/capture/capture.h"
#include "runtime/capture/redact.h"

#define OUT_BYTES 16384

struct recording_file {
	char path[512];
	int fd; /* -1: it failed */
	z_stream z;
	bool content;
	struct redact request, up, down;
	struct error err; /* the first */
};

static int
give_up(struct recording_file *f, const char *what)
{
	if (f->fd >= 0) {
		error_errno(&f->err, "%s %s", what, f->path);
		close(f->fd);
		unlink(f->path);
	}
	f->fd = -1;
	return -1;
}

static int
write_all(struct recording_file *f, const char *bytes, size_t len)
{
	if (f->fd < 0)
		return -1;
	return file_write_all(f->fd, bytes, len) < 0 ? give_up(f, "write") : 0;
}

struct recording_file *
recording_file_new(const char *dir, const struct capture_head *head)
{
	struct recording_file *f = mem_zalloc(sizeof(*f));
	_cleanup_buf_ struct buf first = { 0 };

	snprintf(f->path, sizeof(f->path), "%.440s/%s.capture", dir, head->id);
	f->content = head->content;
	f->request.content = f->up.content = f->down.content = f->content;
	f->fd = open(f->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (f->fd < 0)
		error_errno(&f->err, "open %s", f->path);
	else if (deflateInit(&f->z, Z_DEFAULT_COMPRESSION) != Z_OK)
		give_up(f, "compress");
	capture_head_add(&first, head);
	write_all(f, first.data, first.len);
	return f;
}

/* An attempt's answer begins anew with each request that goes out. */
static struct redact *
redactor_of(struct recording_file *f, enum capture_kind kind)
{
	switch (kind) {
	case CAPTURE_REQUEST:
		f->request = f->up = (struct redact){ .content = f->content };
		return &f->request;
	case CAPTURE_UPSTREAM: return &f->up;
	default: return &f->down;
	}
}

static int
squeeze(struct recording_file *f, const char *bytes, size_t len, int flush)
{
	char out[OUT_BYTES];

	f->z.next_in = (Bytef *)(uintptr_t)bytes;
	f->z.avail_in = (uInt)len;
	do {
		f->z.next_out = (Bytef *)out;
		f->z.avail_out = sizeof(out);
		deflate(&f->z, flush);
		if (write_all(f, out, sizeof(out) - f->z.avail_out) < 0)
			return -1;
	} while (f->z.avail_out == 0);
	return 0;
}

int
recording_file_add(struct recording_file *f, char *frames, size_t len, struct error *err)
{
	struct capture_frame frame;
	size_t at = 0;

	while (capture_frame_read(frames, len, &at, &frame) == 0)
		redact(redactor_of(f, frame.kind), frames + (frame.bytes - frames), frame.len);
	if (f->fd < 0 || squeeze(f, frames, len, Z_SYNC_FLUSH) < 0)
		return error_set(err, f->err.kind, "%s", f->err.text);
	return 0;
}

int
recording_file_end(
    struct recording_file *f, struct capture_head *head, int64_t *file_bytes, struct error *err)
{
	_cleanup_buf_ struct buf first = { 0 };
	const char end = (char)CAPTURE_END;
	struct stat st = { 0 };
	int rc = -1;

	head->complete = true;
	capture_head_add(&first, head);
	if (f->fd >= 0 && squeeze(f, &end, 1, Z_FINISH) == 0) {
		if (pwrite(f->fd, first.data, first.len, 0) == (ssize_t)first.len &&
		    fstat(f->fd, &st) == 0)
			rc = 0;
		else
			give_up(f, "write");
	}
	if (f->fd >= 0)
		close(f->fd);
	if (rc == 0)
		*file_bytes = st.st_size;
	else
		error_set(err, f->err.kind, "%s", f->err.text);
	deflateEnd(&f->z);
	free(f);
	return rc;
}
