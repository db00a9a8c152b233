/*
 * nouns.c - names of states, and what the nouns own.
 */
#include "controlplane/store/nouns.h"
#include "runtime/base/str.h"

#include <stdlib.h>
#include <string.h>

static const char *const submission_states[] = {
#define X(name, text) text,
	SUBMISSION_STATES(X)
#undef X
};
static const char *const instance_states[] = {
#define X(name, text) text,
	INSTANCE_STATES(X)
#undef X
};

const char *
submission_state_name(enum submission_state s)
{
	return submission_states[s];
}

const char *
instance_state_name(enum instance_state s)
{
	return instance_states[s];
}

enum submission_state
submission_state_named(const char *name)
{
	return (enum submission_state)str_find(submission_states, SUBMISSION_STATE_COUNT, name);
}

enum instance_state
instance_state_named(const char *name)
{
	return (enum instance_state)str_find(instance_states, INSTANCE_STATE_COUNT, name);
}

bool
submission_is_final(enum submission_state s)
{
	return s >= SUBMISSION_READY;
}

bool
version_may_serve(const struct version *v)
{
	return v->accepted_at_ms != 0 && v->retired_at_ms == 0;
}

void
version_done(struct version *v)
{
	free(v->manifest);
}

void
submission_done(struct submission *s)
{
	free(s->manifest);
	free(s->evidence);
	s->manifest = s->evidence = NULL;
}

void
instance_done(struct instance *i)
{
	free(i->evidence);
}

void
history_done(struct history *h)
{
	free(h->manifest);
	free(h->signature);
	free(h->story);
	*h = (struct history){ 0 };
}
