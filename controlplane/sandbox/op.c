/*
 * op.c - attach, ask, answer, detach.
 */
#include "controlplane/sandbox/op.h"

#include <errno.h>
#include <string.h>

#include "controlplane/sandbox/config.h"
#include "controlplane/sandbox/routes.h"
#include "controlplane/sandbox/service.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/net/http_server.h"

/* Detach and free; the request is answered or gone. */
static void
release(struct op *o)
{
	if (o->call != NULL)
		inside_call_close(TAKE(o->call));
	if (o->prev != NULL) {
		*o->prev = o->next;
		if (o->next != NULL)
			o->next->prev = o->prev;
		o->sandbox->nops--;
	}
	o->kind->free(o);
}

static void
count(struct op *o, int status)
{
	if (status >= 400)
		metric_add(&o->sandbox->service->operations_failed, 1);
}

static void
on_gone(struct http_request *req, void *arg)
{
	struct op *o = arg;

	count(o, 499);
	log_request(req, 499, wire_code_info(CODE_CLIENT_CLOSED)->code);
	release(o);
}

static void
on_drain(struct http_request *req, void *arg)
{
	struct op *o = arg;

	(void)req;
	if (o->kind->drained != NULL)
		o->kind->drained(o);
}

static void
on_half_closed(struct http_request *req, void *arg)
{
	struct op *o = arg;

	(void)req;
	if (o->kind->half_closed != NULL)
		o->kind->half_closed(o);
}

bool
op_begin(struct op *o, const struct op_kind *kind, struct sandbox *s, struct http_request *req)
{
	static const struct http_request_events events = {
		.on_gone = on_gone, .on_drain = on_drain, .on_half_closed = on_half_closed
	};

	o->kind = kind;
	o->sandbox = s;
	o->request = req;
	if (!kind->uncounted && s->nops >= (size_t)s->service->config->operations) {
		refuse(req, CODE_CONCURRENCY,
		    "The sandbox does as many things at once as it may already.");
		kind->free(o);
		return false;
	}
	metric_add(&s->service->operations, 1);
	o->next = s->ops;
	o->prev = &s->ops;
	if (s->ops != NULL)
		s->ops->prev = &o->next;
	s->ops = o;
	s->nops++;
	http_request_watch(req, &events, o);
	return true;
}

static int
on_frame(const struct inside_frame *f, void *arg, struct error *err)
{
	struct op *o = arg;

	return o->kind->frame(o, f, err);
}

static void
fail(struct op *o, const struct error *err)
{
	if (o->kind->failed != NULL)
		o->kind->failed(o, err);
	else
		op_refuse_error(o, err);
}

static void
on_end(const struct inside_end *end, const struct error *err, void *arg)
{
	struct op *o = arg;
	struct sandbox *s = o->sandbox;

	o->call = NULL;
	if (end != NULL) {
		o->kind->ended(o, end);
		return;
	}
	/* An agent that cannot be trusted to answer is no agent. */
	const struct error why = *err;
	fail(o, &why);
	sandbox_end(s, REASON_LOST, &why);
}

void
op_ask(struct op *o, struct buf *request, int64_t deadline_ms, uint64_t max_bytes)
{
	static const struct inside_events events = { on_frame, on_end };

	o->call = inside_call_open(o->sandbox->service->loop, o->sandbox->link,
	    o->sandbox->service->agent_port, request, deadline_ms, max_bytes, &events, o);
}

void
op_reply(struct op *o, const char *body, size_t len)
{
	reply_json(o->request, 200, body, len);
	release(o);
}

void
op_reply_bytes(struct op *o, const char *content_type, const char *bytes, size_t len)
{
	reply_bytes(o->request, content_type, bytes, len);
	release(o);
}

void
op_refuse(struct op *o, enum wire_code code, const char *text)
{
	count(o, wire_code_info(code)->status);
	refuse(o->request, code, text);
	release(o);
}

void
op_refuse_errno(struct op *o, int error, const char *what, const char *path)
{
	static const struct {
		int error;
		enum wire_code code;
		const char *words;
	} table[] = {
		{ ENOENT, CODE_RESOURCE_NOT_FOUND, "there is no such file" },
		{ ENOTDIR, CODE_INVALID_VALUE,
		    "it is, or lies below, something that is no directory" },
		{ EISDIR, CODE_INVALID_VALUE, "it is a directory" },
		{ EINVAL, CODE_INVALID_VALUE, "it is no ordinary file" },
		{ ELOOP, CODE_INVALID_VALUE, "it is a circle of links" },
		{ ENAMETOOLONG, CODE_INVALID_VALUE, "the name is too long" },
		{ EACCES, CODE_INVALID_VALUE, "the sandbox's user may not" },
		{ EPERM, CODE_INVALID_VALUE, "the sandbox's user may not" },
		{ EROFS, CODE_INVALID_VALUE, "only /workspace and /tmp can be written" },
		{ ENOTEMPTY, CODE_INVALID_VALUE, "the directory is not empty" },
		{ EBUSY, CODE_INVALID_VALUE, "it is in use" },
		{ EFBIG, CODE_PAYLOAD_TOO_LARGE, "it is larger than may be read" },
		{ E2BIG, CODE_PAYLOAD_TOO_LARGE, "the command is too long" },
		{ ENOSPC, CODE_SANDBOX_EXHAUSTED, "no space is left" },
		{ EDQUOT, CODE_SANDBOX_EXHAUSTED, "no space is left" },
		{ EAGAIN, CODE_SANDBOX_EXHAUSTED, "no process is left" },
		{ ENOMEM, CODE_SANDBOX_EXHAUSTED, "no memory is left" },
		{ EMFILE, CODE_SANDBOX_EXHAUSTED, "no file descriptor is left" },
		{ ENFILE, CODE_SANDBOX_EXHAUSTED, "no file descriptor is left" },
	};
	_cleanup_free_ char *text = NULL;

	for (size_t i = 0; i < ARRAY_LEN(table) && text == NULL; i++)
		if (table[i].error == error) {
			text = str_printf("Cannot %s %s: %s.", what, path, table[i].words);
			op_refuse(o, table[i].code, text);
			return;
		}
	text = str_printf("Cannot %s %s: %s.", what, path, strerror(error));
	op_refuse(o, CODE_INVALID_VALUE, text);
}

void
op_refuse_error(struct op *o, const struct error *err)
{
	op_refuse(
	    o, err->kind == ERROR_TIMEOUT ? CODE_SANDBOX_TIMEOUT : CODE_SANDBOX_LOST, err->text);
}

void
op_over(struct op *o, int status, const char *code)
{
	count(o, status);
	log_request(o->request, status, code);
	http_stream_end(o->request);
	release(o);
}

void
op_cut(struct op *o, enum wire_code code)
{
	const struct wire_code_info *info = wire_code_info(code);

	count(o, info->status);
	log_request(o->request, info->status, info->code);
	http_stream_abort(o->request);
	release(o);
}

void
ops_fail(struct sandbox *s, const struct error *err)
{
	while (s->ops != NULL) {
		struct op *o = s->ops;

		if (o->call != NULL)
			inside_call_close(TAKE(o->call));
		fail(o, err);
	}
}
