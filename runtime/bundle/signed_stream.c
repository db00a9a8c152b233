/*
 * signed_stream.c - a signed bundle in pieces.
 */
#include "runtime/bundle/signed_stream.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/hash.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/bundle/signed.h"

#define READ_BYTES 65536

struct signed_stream {
	cJSON *manifest;
	const struct ed25519_key *key; /* borrowed */
	signed_open_fn *open;
	void *arg;
	struct bundle_writer *writer;
	struct buf out; /* made, and not handed over yet */
	bool begun, ended;
	size_t at; /* the file that is next, or under way */
	int fd; /* of it; -1: not open */
	int64_t left;
	struct hasher *hash;
	char bytes[READ_BYTES];
};

static int
collect(const void *bytes, size_t len, void *arg, struct error *err)
{
	struct signed_stream *s = arg;

	(void)err;
	buf_add(&s->out, bytes, len);
	return 0;
}

struct signed_stream *
signed_stream_new(enum bundle_format format, cJSON *manifest, const struct ed25519_key *key,
    signed_open_fn *open, void *arg)
{
	struct signed_stream *s = mem_zalloc(sizeof(*s));

	s->manifest = manifest;
	s->key = key;
	s->open = open;
	s->arg = arg;
	s->fd = -1;
	s->writer = bundle_writer_new(format, collect, s);
	return s;
}

static int
begin_file(struct signed_stream *s, const cJSON *file, struct error *err)
{
	const struct bundle_file f = { .name = json_str(file, "name"),
		.size = json_int(file, "size_bytes", 0) };

	s->fd = s->open(s->at, s->arg, err);
	if (s->fd < 0)
		return -1;
	s->left = f.size;
	s->hash = hasher_new();
	return bundle_add(s->writer, &f, err);
}

static int
end_file(struct signed_stream *s, const cJSON *file, struct error *err)
{
	char digest[HASH_HEX_MAX];

	close(TAKE_FD(s->fd));
	hasher_hex(s->hash, digest);
	hasher_free(TAKE(s->hash));
	s->at++;
	if (!str_eq(digest, json_str(file, "sha256")))
		return error_set(
		    err, ERROR_INTERNAL, "%s is not what it was", json_str(file, "name"));
	return 0;
}

/* A piece of a file, or what stands between files. */
static int
step(struct signed_stream *s, struct error *err)
{
	const cJSON *files = json_get(s->manifest, "files");
	const cJSON *file = cJSON_GetArrayItem(files, (int)s->at);

	if (!s->begun) {
		s->begun = true;
		return signed_begin(s->writer, s->manifest, s->key, err);
	}
	if (file == NULL) {
		s->ended = true;
		return bundle_end(s->writer, err);
	}
	if (s->fd < 0 && begin_file(s, file, err) < 0)
		return -1;
	if (s->left == 0)
		return end_file(s, file, err);
	const size_t want = s->left < READ_BYTES ? (size_t)s->left : READ_BYTES;
	const ssize_t n = read(s->fd, s->bytes, want);
	if (n < 0 && errno == EINTR)
		return 0;
	if (n <= 0)
		return error_set(
		    err, ERROR_INTERNAL, "%s is shorter than it was", json_str(file, "name"));
	s->left -= n;
	hasher_add(s->hash, s->bytes, (size_t)n);
	return bundle_write(s->writer, s->bytes, (size_t)n, err);
}

int
signed_stream_more(struct signed_stream *s, struct buf *out, size_t enough, struct error *err)
{
	while (!s->ended && s->out.len < enough)
		if (step(s, err) < 0)
			return -1;
	buf_add(out, buf_str(&s->out), s->out.len);
	buf_clear(&s->out);
	return s->ended ? 0 : 1;
}

void
signed_stream_free(struct signed_stream *s)
{
	if (s == NULL)
		return;
	bundle_writer_free(s->writer);
	if (s->fd >= 0)
		close(s->fd);
	hasher_free(s->hash);
	cJSON_Delete(s->manifest);
	buf_done(&s->out);
	free(s);
}
