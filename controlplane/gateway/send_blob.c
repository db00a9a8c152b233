/*
 * send_blob.c - look, open, then read and write in turns.
 */
#include "controlplane/gateway/send_blob.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "controlplane/artifacts/artifacts.h"
#include "controlplane/artifacts/label.h"
#include "controlplane/artifacts/range.h"
#include "controlplane/gateway/core.h"
#include "runtime/base/base64.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/id.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/net/etag.h"
#include "runtime/net/http_server.h"

#define READ_BYTES (256 << 10)
#define HEADERS_MAX 12

/* One stretch of the body: words of ours, then bytes of the file. */
struct stretch {
	char *before; /* owned; of multipart/byteranges; NULL */
	struct range range;
};

struct sending {
	struct gateway *gw;
	struct http_request *req; /* NULL: the client has gone */
	enum gateway_route route;
	struct artifact row;
	struct sending *next, **prev; /* gw->sendings */
	bool working, full, begun;

	int status;
	char boundary[ID_MAX];
	struct stretch stretches[RANGES_MAX + 1];
	size_t nstretches, at;
	int64_t done; /* of the stretch at */
	uint64_t total, sent;

	/* the worker's, while it works */
	int fd;
	struct error err;
	char *bytes; /* owned */
	ssize_t got;
};

static void go_on(struct sending *);

static void
unlink_sending(struct sending *s)
{
	if (s->prev == NULL)
		return;
	*s->prev = s->next;
	if (s->next != NULL)
		s->next->prev = s->prev;
	s->prev = NULL;
}

static void
release(struct sending *s)
{
	unlink_sending(s);
	for (size_t i = 0; i < s->nstretches; i++)
		free(s->stretches[i].before);
	if (s->fd >= 0)
		close(s->fd);
	free(s->bytes);
	free(s);
}

/* The request is over, one way or the other. */
static void
settle(struct sending *s, int status)
{
	const struct http_request *req = s->req;
	const int64_t duration_us = clock_now_us() - req->accepted_us;

	counters_http(&s->gw->counters, s->route, req->method, status, duration_us);
	artifacts_served(s->gw->config.artifacts, status, s->sent);
	log_info("request.done", F_STR("request_id", req->id), F_STR("client", req->client),
	    F_STR("method", req->method), F_STR("route", req->path), F_INT("status", status),
	    F_STR("artifact_id", s->row.id), F_NUM("duration_ms", (double)duration_us / 1000),
	    F_INT("bytes_out", (int64_t)s->sent));
}

static void
client_gone(struct http_request *req, void *arg)
{
	struct sending *s = arg;

	(void)req;
	settle(s, 499);
	s->req = NULL;
	if (!s->working)
		release(s);
}

static void
client_drained(struct http_request *req, void *arg)
{
	struct sending *s = arg;

	(void)req;
	s->full = false;
	go_on(s);
}

static const struct http_request_events client_events = {
	.on_gone = client_gone,
	.on_drain = client_drained,
};

/* ---- the body ---- */

static void
cut(struct sending *s)
{
	struct http_request *req = s->req;

	settle(s, s->status);
	s->req = NULL;
	http_stream_abort(req);
	release(s);
}

static void
read_work(void *arg)
{
	struct sending *s = arg;
	const struct range *r = &s->stretches[s->at].range;
	const int64_t left = r->len - s->done;
	const size_t want = left < READ_BYTES ? (size_t)left : READ_BYTES;

	if (s->bytes == NULL)
		s->bytes = mem_zalloc(READ_BYTES);
	do
		s->got = pread(s->fd, s->bytes, want, r->at + s->done);
	while (s->got < 0 && errno == EINTR);
}

static void
read_done(void *arg)
{
	struct sending *s = arg;

	s->working = false;
	if (s->req == NULL) {
		release(s);
		return;
	}
	if (s->got <= 0) { /* shorter than it was: what was promised cannot be kept */
		log_error("artifact.read_failed", F_STR("artifact_id", s->row.id));
		cut(s);
		return;
	}
	s->done += s->got;
	s->sent += (uint64_t)s->got;
	s->full = !http_stream_write(s->req, s->bytes, (size_t)s->got);
	go_on(s);
}

static void
finish(struct sending *s)
{
	struct http_request *req = s->req;

	settle(s, s->status);
	s->req = NULL;
	http_stream_end(req);
	release(s);
}

static void
go_on(struct sending *s)
{
	if (s->working || s->full)
		return;
	if (artifacts_stopping(s->gw->config.artifacts)) { /* nobody is left to read */
		cut(s);
		return;
	}
	while (s->at < s->nstretches) {
		struct stretch *at = &s->stretches[s->at];

		if (at->before != NULL) {
			http_stream_write(s->req, at->before, strlen(at->before));
			free(TAKE(at->before));
		}
		if (s->done < at->range.len) {
			s->working = true;
			worker_run(artifacts_workers(s->gw->config.artifacts), s->gw->loop,
			    read_work, read_done, s);
			return;
		}
		s->at++;
		s->done = 0;
	}
	finish(s);
}

/* ---- the head ---- */

static void
lay_out(struct sending *s, enum range_verdict verdict, const struct ranges *ranges)
{
	if (verdict == RANGE_WHOLE) {
		s->stretches[s->nstretches++].range = (struct range){ 0, s->row.size };
	} else if (ranges->len == 1) {
		s->stretches[s->nstretches++].range = ranges->at[0];
	} else {
		id_new("part", s->boundary);
		for (size_t i = 0; i < ranges->len; i++) {
			const struct range *r = &ranges->at[i];

			s->stretches[s->nstretches++] = (struct stretch){
				.before = str_printf("%s--%s\r\ncontent-type: %s\r\n"
						     "content-range: bytes %lld-%lld/%lld\r\n\r\n",
				    i > 0 ? "\r\n" : "", s->boundary,
				    label_type_served(s->row.type), (long long)r->at,
				    (long long)(r->at + r->len - 1), (long long)s->row.size),
				.range = *r,
			};
		}
		s->stretches[s->nstretches++].before = str_printf("\r\n--%s--\r\n", s->boundary);
	}
	for (size_t i = 0; i < s->nstretches; i++)
		s->total += (uint64_t)s->stretches[i].range.len +
		    (s->stretches[i].before != NULL ? strlen(s->stretches[i].before) : 0);
}

static void
add_digest(struct buf *out, const char *hex)
{
	unsigned char sum[HASH_SHA256_LEN];

	for (size_t i = 0; i < sizeof(sum); i++) {
		const char two[3] = { hex[2 * i], hex[2 * i + 1], '\0' };

		sum[i] = (unsigned char)strtoul(two, NULL, 16);
	}
	buf_add_str(out, "sha-256=:");
	base64_add(out, sum, sizeof(sum));
	buf_add_char(out, ':');
}

static void
begin(struct sending *s, enum range_verdict verdict, const struct ranges *ranges)
{
	_cleanup_buf_ struct buf name = { 0 }, digest = { 0 };
	struct http_header h[HEADERS_MAX];
	char type[120], range[96], etag[HASH_HEX_MAX + 2];
	size_t n = 0;

	lay_out(s, verdict, ranges);
	s->status = verdict == RANGE_WHOLE ? 200 : 206;
	snprintf(type, sizeof(type), "%s", label_type_served(s->row.type));
	if (s->boundary[0] != '\0')
		snprintf(type, sizeof(type), "multipart/byteranges; boundary=%s", s->boundary);
	snprintf(etag, sizeof(etag), "\"%s\"", s->row.sha256);
	label_disposition(&name, s->row.name);
	add_digest(&digest, s->row.sha256);
	h[n++] = (struct http_header){ "content-type", type };
	h[n++] = (struct http_header){ "content-disposition", buf_str(&name) };
	h[n++] = (struct http_header){ "x-content-type-options", "nosniff" };
	h[n++] = (struct http_header){ "content-security-policy", "sandbox; default-src 'none'" };
	h[n++] = (struct http_header){ "cross-origin-resource-policy", "same-origin" };
	h[n++] = (struct http_header){ "cache-control", "private, no-cache" };
	h[n++] = (struct http_header){ "accept-ranges", "bytes" };
	h[n++] = (struct http_header){ "etag", etag };
	h[n++] = (struct http_header){ "repr-digest", buf_str(&digest) };
	if (s->status == 206 && s->boundary[0] == '\0') {
		const struct range *r = &s->stretches[0].range;

		snprintf(range, sizeof(range), "bytes %lld-%lld/%lld", (long long)r->at,
		    (long long)(r->at + r->len - 1), (long long)s->row.size);
		h[n++] = (struct http_header){ "content-range", range };
	}
	h[n] = (struct http_header){ 0 };
	s->begun = true;
	http_stream_begin_sized(s->req, s->status, h, s->total);
	if (str_eq(s->req->method, "HEAD"))
		finish(s);
	else
		go_on(s);
}

/* ---- before it ---- */

static void
open_work(void *arg)
{
	struct sending *s = arg;

	s->fd = artifacts_read(s->gw->config.artifacts, &s->row, &s->err);
}

static void
fail(struct sending *s, enum wire_code code, const struct http_header *extra, const char *text)
{
	struct http_request *req = s->req;

	http_request_watch(req, NULL, NULL);
	s->req = NULL;
	artifacts_served(s->gw->config.artifacts, wire_code_info(code)->status, 0);
	answer_error(s->gw, req, s->route, code, extra, NULL, "%s", text);
	release(s);
}

static void
open_done(void *arg)
{
	struct sending *s = arg;
	struct http_request *req = s->req;
	struct ranges ranges;
	char etag[HASH_HEX_MAX + 2], range[48];

	s->working = false;
	if (req == NULL) {
		release(s);
		return;
	}
	if (s->fd < 0) {
		fail(s, CODE_INTERNAL, NULL,
		    "What is stored of this file is not what it was; it is not handed out.");
		return;
	}
	snprintf(etag, sizeof(etag), "\"%s\"", s->row.sha256);
	const char *only_if = http_header_get(req, "if-range");
	/* Dates are too coarse to promise equal bytes. */
	const bool same = only_if == NULL || strcmp(only_if, etag) == 0;
	const enum range_verdict verdict =
	    ranges_parse(same && str_eq(req->method, "GET") ? http_header_get(req, "range") : NULL,
		s->row.size, &ranges);
	if (verdict != RANGE_REFUSED) {
		begin(s, verdict, &ranges);
		return;
	}
	snprintf(range, sizeof(range), "bytes */%lld", (long long)s->row.size);
	fail(s, CODE_RANGE, &(struct http_header){ "content-range", range },
	    "The range is beyond the end of the file, or asks for more than 8 parts.");
}

void
send_blob(struct gateway *gw, struct http_request *req, enum gateway_route route,
    const struct artifact *row)
{
	const char *has = http_header_get(req, "if-none-match");
	struct sending *s;

	if (has != NULL && etag_listed(has, row->sha256)) {
		char etag[HASH_HEX_MAX + 2];

		snprintf(etag, sizeof(etag), "\"%s\"", row->sha256);
		artifacts_served(gw->config.artifacts, 304, 0);
		answer(gw, req, route, 304, NULL, &(struct http_header){ "etag", etag }, NULL, 0);
		return;
	}
	s = mem_zalloc(sizeof(*s));
	s->gw = gw;
	s->req = req;
	s->route = route;
	s->row = *row;
	s->fd = -1;
	s->next = gw->sendings;
	s->prev = &gw->sendings;
	if (s->next != NULL)
		s->next->prev = &s->next;
	gw->sendings = s;
	http_request_watch(req, &client_events, s);
	s->working = true;
	worker_run(artifacts_workers(gw->config.artifacts), gw->loop, open_work, open_done, s);
}

void
send_blob_abandon_all(struct gateway *gw)
{
	while (gw->sendings != NULL) {
		struct sending *s = gw->sendings;
		struct http_request *req = s->req;

		unlink_sending(s);
		s->req = NULL;
		if (req != NULL && s->begun)
			http_stream_abort(req);
		else if (req != NULL)
			answer_error(
			    gw, req, s->route, CODE_DRAINING, NULL, NULL, "Janus is stopping.");
		if (!s->working)
			release(s);
	}
}
