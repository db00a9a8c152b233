/*
 * heap.c - binary heap of timers, each knowing its place.
 */
#include "runtime/loop/heap.h"

#include <stdlib.h>

#include "runtime/base/str.h"
#include "runtime/loop/loop.h"

static void
put(struct timer_heap *h, size_t i, struct timer_slot slot)
{
	h->slots[i] = slot;
	slot.timer->at = i + 1;
}

static void
sift_up(struct timer_heap *h, size_t i, struct timer_slot slot)
{
	while (i > 0 && slot.due_ms < h->slots[(i - 1) / 2].due_ms) {
		put(h, i, h->slots[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	put(h, i, slot);
}

static void
sift_down(struct timer_heap *h, size_t i, struct timer_slot slot)
{
	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= h->len)
			break;
		if (child + 1 < h->len && h->slots[child + 1].due_ms < h->slots[child].due_ms)
			child++;
		if (slot.due_ms <= h->slots[child].due_ms)
			break;
		put(h, i, h->slots[child]);
		i = child;
	}
	put(h, i, slot);
}

void
timer_heap_done(struct timer_heap *h)
{
	free(h->slots);
	*h = (struct timer_heap){ 0 };
}

void
timer_heap_add(struct timer_heap *h, struct timer *t)
{
	if (h->len == h->cap) {
		h->cap = h->cap != 0 ? h->cap * 2 : 64;
		h->slots = mem_realloc(h->slots, h->cap * sizeof(*h->slots));
	}
	sift_up(h, h->len++, (struct timer_slot){ t->due_ms, t });
}

void
timer_heap_remove(struct timer_heap *h, struct timer *t)
{
	const size_t i = t->at - 1;
	const struct timer_slot last = h->slots[--h->len];

	t->at = 0;
	if (last.timer == t)
		return;
	if (i > 0 && last.due_ms < h->slots[(i - 1) / 2].due_ms)
		sift_up(h, i, last);
	else
		sift_down(h, i, last);
}

struct timer *
timer_heap_first(const struct timer_heap *h)
{
	return h->len != 0 ? h->slots[0].timer : NULL;
}
