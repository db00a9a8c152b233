/*
 * spare.h - blocks of one size that come and go, kept for their next user on the same thread.
 *
 * What a chat needs is larger than what malloc keeps at hand, and is wanted again at once.
 */
#ifndef JANUS_BASE_SPARE_H
#define JANUS_BASE_SPARE_H
#include <stddef.h>

struct spare { /* zero-initialised; of one thread and one size */
	void *first;
	size_t len;
};

/** spare_take - a zeroed block, as mem_zalloc's; never NULL. */
void *spare_take(struct spare *, size_t size);
/** spare_give - back what spare_take (or malloc) gave; NULL is nothing. */
void spare_give(struct spare *, void *block);
#endif
