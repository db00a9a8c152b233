/*
 * send_bundle.c - a worker writes, the control loop hands on, and neither gets far ahead.
 */
#include "controlplane/api/send_bundle.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "controlplane/api/handlers.h"
#include "runtime/base/buf.h"
#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/bundle/signed_stream.h"
#include "runtime/loop/loop.h"

#define PIECE_BYTES (256 << 10)
#define WAITING_BYTES (4 << 20)
#define BEHIND_US 20000

struct sending {
	struct sending *next;
	struct api *api;
	struct api_call *call; /* NULL: the client left */
	struct api_call *held;
	send_more_fn *more;
	void (*over)(void *);
	void *arg;
	struct error err;
	atomic_bool cancel;
	_Atomic size_t waiting; /* bytes on their way to the control loop */
};

struct piece {
	struct sending *s;
	struct buf bytes;
};

static void
hand_on(void *arg)
{
	struct piece *p = arg;

	if (p->s->call != NULL)
		reply_write(p->s->call, p->bytes.data, p->bytes.len);
	atomic_fetch_sub(&p->s->waiting, p->bytes.len);
	buf_done(&p->bytes);
	free(p);
}

static void
make(void *arg)
{
	struct sending *s = arg;
	int rc = 1;

	while (rc > 0 && !atomic_load(&s->cancel)) {
		struct piece *p = mem_zalloc(sizeof(*p));

		p->s = s;
		rc = s->more(s->arg, &p->bytes, PIECE_BYTES, &s->err);
		if (rc < 0) {
			buf_done(&p->bytes);
			free(p);
			break;
		}
		atomic_fetch_add(&s->waiting, p->bytes.len);
		loop_post(s->api->d.control, hand_on, p);
		while (!atomic_load(&s->cancel) &&
		    (atomic_load(&s->waiting) > WAITING_BYTES || call_is_behind(s->held)))
			usleep(BEHIND_US);
	}
	if (rc > 0)
		error_set(&s->err, ERROR_CANCELLED, "it was told to end");
}

static void
made(void *arg)
{
	struct sending *s = arg;
	struct sending **at = &s->api->sendings;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	if (s->err.kind != ERROR_NONE && s->err.kind != ERROR_CANCELLED)
		log_error("bundle.failed", F_STR("error", s->err.text));
	/* One that is not whole must not look as if it were. */
	if (s->call != NULL && s->err.kind != ERROR_NONE)
		reply_cut(s->call);
	else if (s->call != NULL)
		reply_end(s->call);
	s->over(s->arg);
	call_let_go(s->held);
	free(s);
}

static void
client_gone(struct api_call *c, void *arg)
{
	struct sending *s = arg;

	s->call = NULL;
	atomic_store(&s->cancel, true);
	reply_end(c);
}

void
send_pieces(struct api_call *c, const char *content_type, send_more_fn *more,
    void (*over)(void *arg), void *arg)
{
	struct sending *s;

	if (c->api->closing) { /* nothing more is begun */
		reply_code(c, CODE_DRAINING, NULL, "Janus is stopping.");
		over(arg);
		return;
	}
	s = mem_zalloc(sizeof(*s));
	s->api = c->api;
	s->call = s->held = c;
	call_hold(c);
	s->more = more;
	s->over = over;
	s->arg = arg;
	s->next = c->api->sendings;
	c->api->sendings = s;
	c->on_gone = client_gone;
	c->arg = s;
	reply_begin(c, content_type);
	worker_run(DEPS(c)->workers, DEPS(c)->control, make, made, s);
}

/* ---- a signed bundle ---- */

struct signing {
	struct signed_stream *stream;
	void (*over)(void *);
	void *arg;
};

static int
more_of_bundle(void *arg, struct buf *out, size_t enough, struct error *err)
{
	struct signing *g = arg;

	return signed_stream_more(g->stream, out, enough, err);
}

static void
bundle_over(void *arg)
{
	struct signing *g = arg;

	signed_stream_free(g->stream);
	g->over(g->arg);
	free(g);
}

void
send_bundle(struct api_call *c, enum bundle_format format, struct signed_stream *stream,
    void (*over)(void *arg), void *arg)
{
	static const char *const types[] = { "application/x-tar", "application/gzip",
		"application/zip" };
	struct signing *g = mem_zalloc(sizeof(*g));

	*g = (struct signing){ stream, over, arg };
	send_pieces(c, types[format], more_of_bundle, bundle_over, g);
}

void
sendings_close(struct api *api)
{
	for (struct sending *s = api->sendings; s != NULL; s = s->next)
		atomic_store(&s->cancel, true);
}
