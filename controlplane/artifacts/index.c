/*
 * index.c - maps, and counts that agree with them.
 */
#include "controlplane/artifacts/index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/str.h"

void
index_done(struct index *x)
{
	size_t at = 0;
	const char *key;
	void *value;

	for (struct entry *e = x->first, *next; e != NULL; e = next) {
		next = e->next;
		free(e);
	}
	while (map_next(&x->by_sha256, &at, &key, &value))
		free(value);
	for (at = 0; map_next(&x->tallies, &at, &key, &value);)
		free(value);
	map_done(&x->by_id);
	map_done(&x->by_sha256);
	map_done(&x->by_request);
	map_done(&x->tallies);
}

struct tally *
index_tally(struct index *x, const struct artifact *a)
{
	const bool upload = a->purpose[0] != '\0';
	char key[NOUN_ID_MAX + SLUG_MAX + 4];
	struct tally *t;

	snprintf(key, sizeof(key), "%s%s", upload ? "/" : "", upload ? a->owner : a->competitor);
	t = map_get(&x->tallies, key);
	if (t == NULL) {
		t = mem_zalloc(sizeof(*t));
		t->is_competitor = !upload;
		map_put(&x->tallies, key, t);
	}
	return t;
}

struct blob *
index_blob(struct index *x, const char *sha256)
{
	return map_get(&x->by_sha256, sha256);
}

struct blob *
index_pin(struct index *x, const char *sha256, int64_t size)
{
	struct blob *b = map_get(&x->by_sha256, sha256);

	if (b == NULL) {
		b = mem_zalloc(sizeof(*b));
		str_copy(b->sha256, sizeof(b->sha256), sha256);
		b->size = size;
		x->blob_bytes += size;
		map_put(&x->by_sha256, sha256, b);
	}
	b->pins++;
	return b;
}

static bool
is_free(const struct blob *b)
{
	return b->refs == 0 && b->pins == 0;
}

bool
index_unpin(struct index *x, const char *sha256)
{
	struct blob *b = map_get(&x->by_sha256, sha256);

	if (b == NULL || b->pins == 0)
		return false;
	b->pins--;
	return is_free(b);
}

static void
join_request(struct index *x, struct entry *e)
{
	struct entry *at;

	if (e->row.request_id[0] == '\0')
		return;
	at = map_get(&x->by_request, e->row.request_id);
	if (at == NULL) {
		map_put(&x->by_request, e->row.request_id, e);
		return;
	}
	while (at->next_of_request != NULL)
		at = at->next_of_request;
	at->next_of_request = e;
}

static void
leave_request(struct index *x, const struct entry *e)
{
	struct entry *at;

	if (e->row.request_id[0] == '\0')
		return;
	at = map_get(&x->by_request, e->row.request_id);
	if (at == e) {
		if (e->next_of_request != NULL)
			map_put(&x->by_request, e->row.request_id, e->next_of_request);
		else
			map_remove(&x->by_request, e->row.request_id);
		return;
	}
	for (; at != NULL; at = at->next_of_request)
		if (at->next_of_request == e) {
			at->next_of_request = e->next_of_request;
			return;
		}
}

bool
index_add(struct index *x, const struct artifact *a)
{
	struct entry *e;

	if (map_get(&x->by_id, a->id) != NULL)
		return false;
	e = mem_zalloc(sizeof(*e));
	e->row = *a;
	e->blob = index_pin(x, a->sha256, a->size);
	e->blob->pins--;
	e->blob->refs++;
	e->prev = x->last;
	if (x->last != NULL)
		x->last->next = e;
	else
		x->first = e;
	x->last = e;
	map_put(&x->by_id, a->id, e);
	join_request(x, e);
	index_tally(x, a)->bytes += a->size;
	x->count++;
	x->uploads += a->purpose[0] != '\0';
	return true;
}

bool
index_remove(struct index *x, const char *id, char sha256[HASH_HEX_MAX])
{
	struct entry *e = map_get(&x->by_id, id);
	bool last;

	if (e == NULL)
		return false;
	map_remove(&x->by_id, e->row.id);
	leave_request(x, e);
	*(e->prev != NULL ? &e->prev->next : &x->first) = e->next;
	*(e->next != NULL ? &e->next->prev : &x->last) = e->prev;
	index_tally(x, &e->row)->bytes -= e->row.size;
	x->count--;
	x->uploads -= e->row.purpose[0] != '\0';
	e->blob->refs--;
	last = is_free(e->blob);
	str_copy(sha256, HASH_HEX_MAX, e->row.sha256);
	free(e);
	return last;
}

bool
index_forget(struct index *x, const char *sha256)
{
	struct blob *b = map_get(&x->by_sha256, sha256);

	if (b == NULL || !is_free(b))
		return false;
	map_remove(&x->by_sha256, sha256);
	x->blob_bytes -= b->size;
	free(b);
	return true;
}
