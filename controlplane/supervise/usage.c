/*
 * usage.c - what instances use, looked at now and then on a worker.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/supervise/live.h"
#include "runtime/base/str.h"
#include "runtime/engine/cgroup.h"

#define LOOK_MS 5000

struct look {
	struct supervisor *sup;
	size_t n;
	struct look_at {
		char instance[40], competitor[SLUG_MAX], container[72];
		int pid;
		bool ok;
		struct cgroup_usage usage;
	} at[];
};

static void on_look(struct timer *, void *);

static void
look_work(void *arg)
{
	struct look *k = arg;

	for (size_t i = 0; i < k->n; i++)
		k->at[i].ok =
		    cgroup_read("", k->at[i].pid, k->at[i].container, &k->at[i].usage, NULL) == 0;
}

static void
look_done(void *arg)
{
	struct look *k = arg;
	struct supervisor *sup = k->sup;

	if (!sup->stopping) {
		sup->c.on_used(NULL, NULL, 0, 0, sup->c.arg);
		for (size_t i = 0; i < k->n; i++)
			if (k->at[i].ok)
				sup->c.on_used(k->at[i].competitor, k->at[i].instance,
				    k->at[i].usage.cpu_us, k->at[i].usage.memory_bytes, sup->c.arg);
		timer_set(sup->c.loop, &sup->usage_timer, LOOK_MS, on_look, sup);
	}
	free(k);
}

static void
on_look(struct timer *t, void *arg)
{
	struct supervisor *sup = arg;
	const struct registry *reg = sup->c.registry;
	struct look *k = mem_zalloc(sizeof(*k) + reg->ninstances * sizeof(k->at[0]));

	(void)t;
	k->sup = sup;
	for (size_t i = 0; i < reg->ninstances; i++) {
		const struct instance *in = reg->instances[i];
		const struct competitor *c = registry_competitor(reg, in->competitor_id);
		struct look_at *at = &k->at[k->n];

		if (in->live->last.pid <= 0 || c == NULL)
			continue;
		snprintf(at->instance, sizeof(at->instance), "%s", in->id);
		snprintf(at->competitor, sizeof(at->competitor), "%s", c->slug);
		snprintf(at->container, sizeof(at->container), "%s", in->live->last.container);
		at->pid = in->live->last.pid;
		k->n++;
	}
	worker_run(sup->c.workers, sup->c.loop, look_work, look_done, k);
}

void
usage_watch(struct supervisor *sup)
{
	if (sup->c.on_used != NULL)
		timer_set(sup->c.loop, &sup->usage_timer, LOOK_MS, on_look, sup);
}

const char *
supervisor_container(const struct supervisor *sup, const char *instance)
{
	const struct instance *in = registry_instance(sup->c.registry, instance);

	return in != NULL && in->live != NULL ? in->live->last.container : "";
}
