/*
 * attempt.c - the words of items and attempts, and the end of one.
 */
#include "bench/record/attempt.h"

#include <stdlib.h>

static const char *const tasks[] = {
#define X(name, word) word,
	ITEM_TASKS(X)
#undef X
};
static const char *const modalities[] = {
#define X(name, word) word,
	ITEM_MODALITIES(X)
#undef X
};
static const char *const states[] = {
#define X(name, word) word,
	ATTEMPT_STATES(X)
#undef X
};
static const char *const kinds[] = {
#define X(name, word) word,
	FRAME_KINDS(X)
#undef X
};

const char *
item_task_name(enum item_task t)
{
	return tasks[t];
}

const char *
item_modality_name(enum item_modality m)
{
	return modalities[m];
}

const char *
attempt_state_name(enum attempt_state s)
{
	return states[s];
}

const char *
frame_kind_name(enum frame_kind k)
{
	return kinds[k];
}

void
attempt_done(struct attempt *a)
{
	for (size_t i = 0; i < a->nframes; i++)
		buf_done(&a->frames[i].bytes);
	for (size_t i = 0; i < a->nfiles; i++)
		buf_done(&a->files[i].bytes);
	free(a->frames);
	free(a->files);
	cJSON_Delete(a->executions);
	cJSON_Delete(a->judge);
	*a = (struct attempt){ 0 };
}
