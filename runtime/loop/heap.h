/*
 * heap.h - the timers of a loop, the earliest first (binary heap; internal to loop/).
 */
#ifndef JANUS_LOOP_HEAP_H
#define JANUS_LOOP_HEAP_H
#include <stddef.h>
#include <stdint.h>
struct timer;

struct timer_slot {
	int64_t due_ms; /* the timer's: compared without a look at it */
	struct timer *timer;
};

struct timer_heap {
	struct timer_slot *slots;
	size_t len, cap;
};

void timer_heap_done(struct timer_heap *);
void timer_heap_add(struct timer_heap *, struct timer *);
void timer_heap_remove(struct timer_heap *, struct timer *);
struct timer *timer_heap_first(const struct timer_heap *);
#endif
