/*
 * event_ring.c - a list of blocks, each a run of records: length, bytes.
 */
#include "runtime/net/event_ring.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/str.h"

#define BLOCK_MAX 16384
#define BLOCK_MIN 256
#define BLOCKS 64 /* that a ring has at least, so that little goes at once */

struct event_block {
	struct event_block *newer, *older;
	uint64_t first; /* number of its first event */
	uint64_t len; /* how many it holds */
	size_t used, cap;
	char records[];
};

/* A record's length may stand at any address. */
static size_t
record_len(const char *at)
{
	size_t len;

	memcpy(&len, at, sizeof(len));
	return len;
}

static size_t
block_bytes(const struct event_block *b)
{
	return sizeof(*b) + b->cap;
}

uint64_t
event_ring_first(const struct event_ring *r)
{
	return r->oldest != NULL ? r->oldest->first : r->last + 1;
}

static void
drop_oldest(struct event_ring *r)
{
	struct event_block *b = r->oldest;

	r->oldest = b->newer;
	if (r->oldest != NULL)
		r->oldest->older = NULL;
	else
		r->newest = NULL;
	r->bytes -= block_bytes(b);
	free(b);
}

static struct event_block *
add_block(struct event_ring *r, size_t need)
{
	size_t cap = r->max_bytes / BLOCKS;

	cap = cap > BLOCK_MAX ? BLOCK_MAX : cap < BLOCK_MIN ? BLOCK_MIN : cap;
	if (cap < need)
		cap = need;
	struct event_block *b = mem_zalloc(sizeof(*b) + cap);
	b->cap = cap;
	b->first = r->last + 1;
	while (r->oldest != NULL && r->bytes + block_bytes(b) > r->max_bytes)
		drop_oldest(r);
	b->older = r->newest;
	if (r->newest != NULL)
		r->newest->newer = b;
	else
		r->oldest = b;
	r->newest = b;
	r->bytes += block_bytes(b);
	return b;
}

uint64_t
event_ring_add(struct event_ring *r, const struct iovec *parts, size_t nparts)
{
	struct event_block *b = r->newest;
	size_t len = 0;

	for (size_t i = 0; i < nparts; i++)
		len += parts[i].iov_len;
	if (b == NULL || b->cap - b->used < sizeof(len) + len)
		b = add_block(r, sizeof(len) + len);
	char *at = b->records + b->used;
	memcpy(at, &len, sizeof(len));
	at += sizeof(len);
	for (size_t i = 0; i < nparts; i++) {
		if (parts[i].iov_len > 0)
			memcpy(at, parts[i].iov_base, parts[i].iov_len);
		at += parts[i].iov_len;
	}
	b->used = (size_t)(at - b->records);
	b->len++;
	return ++r->last;
}

/* The record of an event that is kept; *b, from the newest block, becomes its block. */
static const char *
find(const struct event_block **b, uint64_t number)
{
	while ((*b)->first > number) /* most readers are near the end */
		*b = (*b)->older;
	const char *at = (*b)->records;
	for (uint64_t n = (*b)->first; n < number; n++)
		at += sizeof(size_t) + record_len(at);
	return at;
}

enum event_read
event_ring_read(const struct event_ring *r, uint64_t *next, struct buf *out, size_t max_bytes)
{
	const struct event_block *b = r->newest;
	const size_t before = out->len;

	if (*next > r->last)
		return EVENT_READ_NONE;
	if (*next < event_ring_first(r))
		return EVENT_READ_LOST;
	const char *at = find(&b, *next);
	while (*next <= r->last) {
		if (at == b->records + b->used) {
			b = b->newer;
			at = b->records;
		}
		const size_t len = record_len(at);
		if (out->len > before && out->len - before + len > max_bytes)
			break;
		buf_add(out, at + sizeof(len), len);
		at += sizeof(len) + len;
		++*next;
	}
	return EVENT_READ_SOME;
}

size_t
event_ring_behind(const struct event_ring *r, uint64_t next)
{
	const uint64_t first = event_ring_first(r), from = next > first ? next : first;
	const struct event_block *b = r->newest;

	if (from > r->last)
		return 0;
	const char *at = find(&b, from);
	size_t bytes = (size_t)(b->records + b->used - at);
	while ((b = b->newer) != NULL)
		bytes += b->used;
	return bytes - (size_t)(r->last + 1 - from) * sizeof(size_t);
}

size_t
event_ring_shrink(struct event_ring *r)
{
	const size_t before = r->bytes;

	if (r->oldest != r->newest)
		drop_oldest(r);
	return before - r->bytes;
}

void
event_ring_done(struct event_ring *r)
{
	while (r->oldest != NULL)
		drop_oldest(r);
}
