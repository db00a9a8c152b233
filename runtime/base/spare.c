/*
 * spare.c - a stack of free blocks, linked through their first bytes.
 */
#include "runtime/base/spare.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/str.h"

/* A sanitizer is to see each block go. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define KEPT_MAX 0
#else
#define KEPT_MAX 64
#endif

void *
spare_take(struct spare *s, size_t size)
{
	void *block = s->first;

	if (block == NULL)
		return mem_zalloc(size);
	memcpy(&s->first, block, sizeof(s->first));
	s->len--;
	return memset(block, 0, size);
}

void
spare_give(struct spare *s, void *block)
{
	if (block == NULL)
		return;
	if (s->len + 1 > KEPT_MAX) {
		free(block);
		return;
	}
	memcpy(block, &s->first, sizeof(s->first));
	s->first = block;
	s->len++;
}
