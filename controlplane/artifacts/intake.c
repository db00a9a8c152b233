/*
 * intake.c - one buffer fills on the loop while a worker writes the other.
 */
#include "controlplane/artifacts/intake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/artifacts/blobs.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/id.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"

#define CHUNK_BYTES (256 << 10)

struct intake {
	struct artifacts *artifacts;
	struct loop *loop;
	struct artifact row;
	const struct intake_events *events;
	void *arg;
	struct buf filling; /* the loop's */
	int64_t fed;
	bool ended; /* all bytes are in */
	bool waits; /* whoever feeds was told to wait */
	bool cancelled;
	bool working; /* below is the worker's */

	struct buf writing;
	bool last;
	char *dir; /* owned */
	struct blob_writer *writer;
	bool pinned;
	enum artifact_reason reason;
};

static void
release(struct intake *in)
{
	if (in->pinned)
		artifacts_unpin(in->artifacts, in->row.sha256);
	artifacts_unreserve(in->artifacts, &in->row);
	blob_drop(in->writer);
	buf_done(&in->filling);
	buf_done(&in->writing);
	free(in->dir);
	free(in);
}

static void
finish(struct intake *in, enum artifact_reason reason)
{
	if (!in->cancelled)
		in->events->on_done(reason == ARTIFACT_NONE ? &in->row : NULL, reason, in->arg);
	release(in);
}

/* ---- on a worker ---- */

static void
store_failed(struct intake *in, const struct error *err)
{
	log_error(
	    "artifact.not_stored", F_STR("artifact_id", in->row.id), F_STR("error", err->text));
	in->reason = ARTIFACT_STORE;
}

static void
verify(struct intake *in)
{
	struct error err = { 0 };
	char sha256[HASH_HEX_MAX];

	if (blob_sum(in->writer, sha256) != in->row.size) {
		in->reason = ARTIFACT_SIZE;
		return;
	}
	if (in->row.sha256[0] != '\0' && strcmp(in->row.sha256, sha256) != 0) {
		in->reason = ARTIFACT_HASH;
		return;
	}
	memcpy(in->row.sha256, sha256, sizeof(sha256));
	in->pinned = artifacts_keep_blob(in->artifacts, in->writer, &in->row, &err) == 0;
	if (!in->pinned)
		store_failed(in, &err);
}

static void
write_work(void *arg)
{
	struct intake *in = arg;
	struct error err = { 0 };

	if (in->writer == NULL)
		in->writer = blob_begin(in->dir, &err);
	if (in->writer == NULL ||
	    (in->writing.len > 0 &&
		blob_write(in->writer, in->writing.data, in->writing.len, &err) < 0))
		store_failed(in, &err);
	else if (in->last)
		verify(in);
	buf_clear(&in->writing);
}

/* ---- on the loop ---- */

static void on_added(const struct error *err, void *arg);
static void work_on(struct intake *);

static void
write_done_on_loop(void *arg)
{
	struct intake *in = arg;

	in->working = false;
	if (in->cancelled || in->reason != ARTIFACT_NONE) {
		finish(in, in->reason);
		return;
	}
	if (in->last) {
		in->working = true; /* the row is on its way */
		artifacts_add(in->artifacts, &in->row, in->loop, on_added, in);
		return;
	}
	work_on(in);
	if (in->waits && in->filling.len < CHUNK_BYTES) {
		in->waits = false;
		if (in->events->on_room != NULL)
			in->events->on_room(in->arg);
	}
}

static void
on_added(const struct error *err, void *arg)
{
	struct intake *in = arg;

	finish(in, err != NULL ? ARTIFACT_STORE : ARTIFACT_NONE);
}

static void
stopped(void *arg)
{
	struct intake *in = arg;

	in->working = false;
	finish(in, ARTIFACT_STORE);
}

static void
work_on(struct intake *in)
{
	if (in->working || (!in->ended && in->filling.len < CHUNK_BYTES))
		return;
	const struct buf spare = in->writing;

	in->writing = in->filling;
	in->filling = spare;
	in->last = in->ended;
	in->working = true;
	if (artifacts_stopping(in->artifacts))
		loop_post(in->loop, stopped, in);
	else
		worker_run(
		    artifacts_workers(in->artifacts), in->loop, write_work, write_done_on_loop, in);
}

struct intake *
intake_begin(struct artifacts *artifacts, struct loop *loop, const struct artifact *row,
    const struct intake_events *events, void *arg, enum artifact_reason *reason)
{
	struct intake *in;

	*reason =
	    artifacts_stopping(artifacts) ? ARTIFACT_STORE : artifacts_reserve(artifacts, row);
	if (*reason != ARTIFACT_NONE)
		return NULL;
	in = mem_zalloc(sizeof(*in));
	in->artifacts = artifacts;
	in->loop = loop;
	in->row = *row;
	in->events = events;
	in->arg = arg;
	in->dir = str_printf("%s/blobs", artifacts_config(artifacts)->dir);
	if (row->purpose[0] == '\0') {
		id_new("artf", in->row.id);
	} else {
		char id[ID_MAX];

		id_new("file", id);
		snprintf(in->row.id, sizeof(in->row.id), "file-%s", id + strlen("file_"));
	}
	return in;
}

bool
intake_feed(struct intake *in, const void *bytes, size_t len)
{
	in->fed += (int64_t)len;
	/* One byte too many is enough to know. */
	if (in->fed <= in->row.size + (int64_t)len)
		buf_add(&in->filling, bytes, len);
	work_on(in);
	in->waits = in->filling.len >= CHUNK_BYTES;
	return !in->waits;
}

void
intake_end(struct intake *in)
{
	in->ended = true;
	work_on(in);
}

void
intake_cancel(struct intake *in)
{
	if (in == NULL)
		return;
	in->cancelled = true;
	if (!in->working)
		release(in);
}
