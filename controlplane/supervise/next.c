/*
 * next.c - what one janusd knows of pods when the next one takes over, and what that one learns.
 */
#include "controlplane/supervise/live.h"

bool
supervisor_idle(const struct supervisor *sup)
{
	for (size_t i = 0; i < sup->c.registry->ninstances; i++) {
		const struct live *l = sup->c.registry->instances[i]->live;

		if (l != NULL && (l->busy || l->committing))
			return false;
	}
	for (const struct trial *t = sup->trials; t != NULL; t = t->next)
		if (t->busy || t->committing)
			return false;
	return !sup->listing && !sup->checking && sup->canary.state != CANARY_RUNNING &&
	    sup->pulls == NULL;
}

bool
supervisor_settled(const struct supervisor *sup)
{
	for (size_t i = 0; i < sup->c.registry->ninstances; i++)
		if (sup->c.registry->instances[i]->state == INSTANCE_STARTING)
			return false;
	return supervisor_idle(sup);
}

bool
supervisor_adopted(const struct supervisor *sup)
{
	return sup->adopted;
}

void
supervisor_in_use(
    const struct supervisor *sup, void (*fn)(const char *instance, int chats, void *arg), void *arg)
{
	for (size_t i = 0; i < sup->c.registry->ninstances; i++) {
		const struct instance *in = sup->c.registry->instances[i];

		if (in->live != NULL && in->live->target->in_flight > 0)
			fn(in->id, in->live->target->in_flight, arg);
	}
}

void
supervisor_lend(struct supervisor *sup, const char *instance, int chats)
{
	const struct instance *in = registry_instance(sup->c.registry, instance);
	struct live *l = in != NULL ? in->live : NULL;

	if (l == NULL || chats < 0)
		return;
	for (; l->lent < chats; l->lent++)
		l->target->in_flight++; /* they are there, whatever the limit is */
	for (; l->lent > chats; l->lent--)
		route_target_give(l->target);
}
