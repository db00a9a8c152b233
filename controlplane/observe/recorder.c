/*
 * recorder.c - the loops' side: which chats, and frames into bounded memory.
 */
#include "controlplane/observe/recorder.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/gateway/gateway.h"
#include "controlplane/observe/captures.h"
#include "controlplane/observe/recording.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/deadline.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/id.h"
#include "runtime/base/log.h"
#include "runtime/base/metrics.h"
#include "runtime/base/str.h"
#include "runtime/openai/relay_tap.h"

#define CHUNK_BYTES 16384 /* handed over when so much came together */
#define QUEUE_BYTES ((size_t)8 << 20) /* that may wait for the writer */
#define OPEN_MAX 256 /* chats recorded at once */
#define LOOK_MS 60000 /* how often the age of files is looked at */

_Static_assert((int)RELAY_REQUEST == (int)CAPTURE_REQUEST &&
	(int)RELAY_UPSTREAM == (int)CAPTURE_UPSTREAM && (int)RELAY_CLIENT == (int)CAPTURE_CLIENT &&
	(int)RELAY_PING == (int)CAPTURE_PING && (int)RELAY_OURS == (int)CAPTURE_OURS,
    "a tap's frames are those of the file");

struct chunk {
	struct chunk *next;
	struct recording *of; /* NULL: look at the directory anew */
	struct buf bytes; /* frames */
	bool last;
};

struct recorder {
	struct recorder_config c;
	pthread_t thread;
	bool running;
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct chunk *first, **last; /* under lock, as all below */
	size_t queued; /* bytes */
	unsigned open;
	bool stopping;
	uint64_t skipped, refused; /* frames, chats */
	/* Another lock, so that no loop ever waits for the disk. */
	pthread_mutex_t files_lock;
	struct captures files; /* under files_lock, as all below */
	bool failing;
	uint64_t written, lost; /* chats */
};

/* One chat: the loop's until its last chunk is handed over, then the writer's. */
struct recording {
	struct relay_tap tap;
	struct recorder *recorder;
	struct recording_file *file; /* the writer's */
	struct capture_head head;
	struct capture_head first; /* as it was at the beginning: both may read it */
	int64_t accepted_us, last_us; /* monotonic */
	struct buf chunk;
	bool full; /* no more frames are taken */
};

/* ---- frames, on a gateway's loop ---- */

static void
hand_over(struct recording *r, bool last)
{
	struct recorder *o = r->recorder;
	struct chunk *c = mem_zalloc(sizeof(*c));

	c->of = r;
	c->bytes = r->chunk;
	c->last = last;
	r->chunk = (struct buf){ 0 };
	pthread_mutex_lock(&o->lock);
	/* The end is always told; what does not fit is left out of it. */
	if (o->queued + c->bytes.len > QUEUE_BYTES) {
		r->full = true;
		r->head.skipped++;
		buf_done(&c->bytes);
	}
	if (last)
		o->skipped += r->head.skipped;
	o->queued += c->bytes.len;
	*o->last = c;
	o->last = &c->next;
	pthread_cond_signal(&o->more);
	pthread_mutex_unlock(&o->lock);
}

static void
on_frame(struct relay_tap *tap, enum relay_frame kind, const char *bytes, size_t len)
{
	struct recording *r = CONTAINER_OF(tap, struct recording, tap);
	const int64_t now_us = clock_now_us();
	const struct capture_frame f = { (enum capture_kind)kind, (uint64_t)(now_us - r->last_us),
		bytes, len };

	if (r->full || (int64_t)(r->head.bytes + len) > r->recorder->c.max_bytes) {
		r->full = true; /* a hole in it would be worse than an end */
		r->head.skipped++;
		return;
	}
	r->head.frames++;
	r->head.bytes += len;
	r->last_us = now_us;
	capture_frame_add(&r->chunk, &f);
	if (r->chunk.len >= CHUNK_BYTES)
		hand_over(r, false);
}

static void
on_end(struct relay_tap *tap)
{
	struct recording *r = CONTAINER_OF(tap, struct recording, tap);

	hand_over(r, true);
}

/* ---- which chats ---- */

/* Is name one of "a,b, c"? */
static bool
is_listed(const char *list, const char *name)
{
	const size_t len = strlen(name);

	for (const char *at = list; len > 0 && *at != '\0'; at += *at == ',') {
		at += strspn(at, " ");
		if (strncmp(at, name, len) == 0 && strchr(", ", at[len]) != NULL)
			return true;
		at += strcspn(at, ",");
	}
	return false;
}

static bool
is_wanted(const struct recorder *o, const struct gateway_capture *a)
{
	return a->asked || is_listed(o->c.competitors, a->competitor) ||
	    is_listed(o->c.keys, a->key_id) ||
	    (double)(a->random >> 11) < o->c.share * 9007199254740992.0;
}

struct relay_tap *
recorder_begin(struct recorder *o, const struct gateway_capture *a)
{
	struct recording *r;

	if (!o->c.enabled || !is_wanted(o, a))
		return NULL;
	pthread_mutex_lock(&o->lock);
	const bool room = o->open < OPEN_MAX;
	o->open += room;
	o->refused += !room;
	pthread_mutex_unlock(&o->lock);
	if (!room)
		return NULL;
	r = mem_zalloc(sizeof(*r));
	r->tap = (struct relay_tap){ on_frame, on_end };
	r->recorder = o;
	r->accepted_us = r->last_us = a->accepted_us;
	id_new("cap", r->head.id);
	snprintf(r->head.request_id, sizeof(r->head.request_id), "%s", a->request_id);
	snprintf(r->head.competitor, sizeof(r->head.competitor), "%s", a->competitor);
	snprintf(r->head.model, sizeof(r->head.model), "%s", a->model);
	snprintf(r->head.key_id, sizeof(r->head.key_id), "%s", a->key_id);
	r->head.accepted_at_ms = a->accepted_at_ms;
	r->head.duration_us = r->head.ttft_us = -1;
	r->head.stream = a->stream;
	r->head.content = o->c.content;
	r->first = r->head;
	return &r->tap;
}

void
recorder_settle(struct relay_tap *tap, const struct gateway_usage *u)
{
	struct recording *r;

	if (tap == NULL)
		return;
	r = CONTAINER_OF(tap, struct recording, tap);
	snprintf(r->head.competitor, sizeof(r->head.competitor), "%s", u->slug);
	snprintf(r->head.competitor_id, sizeof(r->head.competitor_id), "%s", u->competitor);
	snprintf(r->head.instance_id, sizeof(r->head.instance_id), "%s", u->instance);
	snprintf(r->head.digest, sizeof(r->head.digest), "%s", u->digest);
	snprintf(r->head.code, sizeof(r->head.code), "%s", wire_code_info(u->result->code)->code);
	r->head.status = u->status;
	r->head.duration_us = u->duration_us;
	r->head.ttft_us = u->result->ttft_us;
}

/* ---- the writer ---- */

static void
failed(struct recorder *o, const struct error *err)
{
	pthread_mutex_lock(&o->files_lock);
	const bool first = !o->failing;
	o->failing = true;
	o->lost++;
	pthread_mutex_unlock(&o->files_lock);
	if (first)
		log_warn("capture.write_failed", F_STR("error", err->text));
}

static void
finish(struct recorder *o, struct recording *r)
{
	struct capture_file file = { 0 };
	struct error err = { 0 };
	const bool written = recording_file_end(r->file, &r->head, &file.file_bytes, &err) == 0;

	if (!written)
		failed(o, &err);
	file.head = r->head;
	pthread_mutex_lock(&o->lock);
	o->open--;
	pthread_mutex_unlock(&o->lock);
	pthread_mutex_lock(&o->files_lock);
	if (written) {
		o->failing = false;
		o->written++;
		captures_add(&o->files, &file);
		captures_prune(&o->files, &o->c, clock_wall_ms());
	}
	pthread_mutex_unlock(&o->files_lock);
	free(r);
}

static void
look_anew(struct recorder *o)
{
	pthread_mutex_lock(&o->files_lock);
	captures_load(&o->files);
	captures_prune(&o->files, &o->c, clock_wall_ms());
	pthread_mutex_unlock(&o->files_lock);
}

static void
take_chunk(struct recorder *o, struct chunk *c)
{
	struct recording *r = c->of;
	struct error err = { 0 };

	if (r == NULL) {
		look_anew(o);
	} else {
		if (r->file == NULL)
			r->file = recording_file_new(o->files.dir, &r->first);
		if (c->bytes.len > 0)
			recording_file_add(r->file, c->bytes.data, c->bytes.len, &err);
		if (c->last)
			finish(o, r);
	}
	buf_done(&c->bytes);
	free(c);
}

static void
prune(struct recorder *o)
{
	pthread_mutex_lock(&o->files_lock);
	captures_prune(&o->files, &o->c, clock_wall_ms());
	pthread_mutex_unlock(&o->files_lock);
}

static struct chunk *
next_chunk(struct recorder *o)
{
	struct chunk *c;

	pthread_mutex_lock(&o->lock);
	while (o->first == NULL && !o->stopping) {
		if (!deadline_cond(&o->more, &o->lock, clock_now_ms() + LOOK_MS)) {
			pthread_mutex_unlock(&o->lock);
			prune(o);
			pthread_mutex_lock(&o->lock);
		}
	}
	c = o->first;
	if (c != NULL) {
		o->first = c->next;
		if (o->first == NULL)
			o->last = &o->first;
		o->queued -= c->bytes.len;
	}
	pthread_mutex_unlock(&o->lock);
	return c;
}

static void *
writer(void *arg)
{
	struct recorder *o = arg;
	struct chunk *c;

	while ((c = next_chunk(o)) != NULL)
		take_chunk(o, c);
	return NULL;
}

static int
start_writer(struct recorder *o, struct error *err)
{
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	const int rc = pthread_create(&o->thread, NULL, writer, o);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc != 0) {
		errno = rc;
		return error_errno(err, "capture writer thread");
	}
	o->running = true;
	return 0;
}

struct recorder *
recorder_new(const struct recorder_config *c, struct error *err)
{
	struct recorder *o = mem_zalloc(sizeof(*o));

	o->c = *c;
	o->last = &o->first;
	pthread_mutex_init(&o->lock, NULL);
	pthread_mutex_init(&o->files_lock, NULL);
	pthread_cond_init(&o->more, NULL);
	snprintf(o->files.dir, sizeof(o->files.dir), "%s/captures", c->state_dir);
	if (c->enabled && (file_mkdirs(o->files.dir, 0700, err) < 0 || start_writer(o, err) < 0)) {
		recorder_free(o);
		return NULL;
	}
	look_anew(o);
	return o;
}

bool
recorder_enabled(const struct recorder *o)
{
	return o->c.enabled;
}

/* ---- what is kept ---- */

size_t
recorder_list(struct recorder *o, struct capture_file **out)
{
	pthread_mutex_lock(&o->files_lock);
	const size_t n = o->files.len;
	*out = mem_zalloc((n + 1) * sizeof(**out));
	if (n > 0)
		memcpy(*out, o->files.at, n * sizeof(**out));
	pthread_mutex_unlock(&o->files_lock);
	return n;
}

bool
recorder_find(struct recorder *o, const char *ref, struct capture_file *out)
{
	pthread_mutex_lock(&o->files_lock);
	const struct capture_file *found = captures_find(&o->files, ref);
	if (found != NULL)
		*out = *found;
	pthread_mutex_unlock(&o->files_lock);
	return found != NULL;
}

const char *
recorder_path(const struct recorder *o, const char *id, char *out)
{
	snprintf(out, 512, "%.440s/%.39s.capture", o->files.dir, id);
	return out;
}

int
recorder_remove(struct recorder *o, const char *id, struct error *err)
{
	pthread_mutex_lock(&o->files_lock);
	const bool removed = captures_remove(&o->files, id);
	pthread_mutex_unlock(&o->files_lock);
	return removed ? 0 : error_set(err, ERROR_NOT_FOUND, "There is no capture %.40s.", id);
}

void
recorder_reopen(struct recorder *o)
{
	struct chunk *c;

	if (!o->running) {
		look_anew(o);
		return;
	}
	c = mem_zalloc(sizeof(*c));
	pthread_mutex_lock(&o->lock);
	*o->last = c;
	o->last = &c->next;
	pthread_cond_signal(&o->more);
	pthread_mutex_unlock(&o->lock);
}

void
recorder_metrics(struct recorder *o, struct buf *out)
{
	pthread_mutex_lock(&o->lock);
	const uint64_t refused = o->refused, skipped = o->skipped;
	pthread_mutex_unlock(&o->lock);
	pthread_mutex_lock(&o->files_lock);
	metrics_head(out, "janus_captures", "gauge", "Recorded chats that are kept.");
	metrics_value(out, "janus_captures", "", (double)o->files.len);
	metrics_head(out, "janus_capture_size_bytes", "gauge", "Size of their files.");
	metrics_value(out, "janus_capture_size_bytes", "", (double)o->files.bytes);
	metrics_head(out, "janus_captures_written_total", "counter", "Chats that were recorded.");
	metrics_value(out, "janus_captures_written_total", "", (double)o->written);
	metrics_head(out, "janus_captures_dropped_total", "counter",
	    "Chats that were to be recorded and could not be.");
	metrics_value(out, "janus_captures_dropped_total", "", (double)(refused + o->lost));
	metrics_head(out, "janus_captures_pruned_total", "counter",
	    "Captures that went for others, or for their age.");
	metrics_value(out, "janus_captures_pruned_total", "", (double)o->files.pruned);
	metrics_head(out, "janus_capture_frames_dropped_total", "counter",
	    "Frames left out: a chat over its limit, or a disk too slow.");
	metrics_value(out, "janus_capture_frames_dropped_total", "", (double)skipped);
	pthread_mutex_unlock(&o->files_lock);
}

void
recorder_free(struct recorder *o)
{
	if (o == NULL)
		return;
	pthread_mutex_lock(&o->lock);
	o->stopping = true;
	pthread_cond_signal(&o->more);
	pthread_mutex_unlock(&o->lock);
	if (o->running)
		pthread_join(o->thread, NULL);
	captures_done(&o->files);
	pthread_cond_destroy(&o->more);
	pthread_mutex_destroy(&o->lock);
	pthread_mutex_destroy(&o->files_lock);
	free(o);
}
