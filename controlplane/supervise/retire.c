/*
 * retire.c - a version that is never to serve again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/supervise/live.h"
#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"

struct retirement {
	struct supervisor *sup;
	char version[NOUN_ID_MAX];
	supervisor_done_fn *done;
	void *arg;
};

int
supervisor_retire_check(const struct supervisor *sup, const struct version *v, struct error *err)
{
	const struct competitor *c = registry_competitor(sup->c.registry, v->competitor_id);

	if (c == NULL || v->retired_at_ms != 0)
		return 0;
	if (v->accepted_at_ms == 0)
		return error_set(err, ERROR_CONFLICT,
		    "version %s was never accepted: there is nothing to retire", v->id);
	if (strcmp(c->version_id, v->id) == 0)
		return error_set(err, ERROR_CONFLICT,
		    "version %s is the one that serves '%s'; promote another first, or remove the "
		    "competitor",
		    v->id, c->slug);
	if (strcmp(c->candidate_id, v->id) == 0)
		return error_set(err, ERROR_CONFLICT,
		    "version %s answers %d %% of the chats of '%s'; take them back first: janusctl "
		    "promote competitor %s --to %s --share 0",
		    v->id, c->candidate_percent, c->slug, c->slug, v->id);
	return 0;
}

static void
stored(const struct error *err, void *arg)
{
	struct retirement *r = arg;
	struct supervisor *sup = r->sup;
	struct version *v = registry_version(sup->c.registry, r->version);

	if (err != NULL && v != NULL)
		v->retired_at_ms = 0; /* a wish that was not stored was never one */
	if (!sup->stopping) {
		publish_routes(sup);
		live_evaluate_all(sup);
	}
	r->done(err, r->version, r->arg);
	free(r);
}

void
supervisor_retire(struct supervisor *sup, struct version *v, const struct store_actor *who,
    supervisor_done_fn *done, void *arg)
{
	struct retirement *r = mem_zalloc(sizeof(*r));
	struct store_batch *b = store_batch_new();

	*r = (struct retirement){ .sup = sup, .done = done, .arg = arg };
	snprintf(r->version, sizeof(r->version), "%s", v->id);
	v->retired_at_ms = v->updated_at_ms = clock_wall_ms();
	store_put_version(b, v);
	store_add_event(b,
	    &(struct store_event){ .who = *who,
		.action = "version.retire",
		.object_id = v->id,
		.before = "accepted",
		.after = "retired" });
	log_info("version.retire", F_STR("version_id", v->id),
	    F_STR("competitor_id", v->competitor_id), F_STR("actor", who->name));
	store_commit(sup->c.store, b, stored, r);
}
