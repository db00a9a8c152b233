/*
 * live.c - make and end what is known of an instance; make the instances that are missing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/registry/traffic.h"
#include "controlplane/supervise/broker.h"
#include "controlplane/supervise/live.h"
#include "runtime/base/clock.h"
#include "runtime/base/id.h"
#include "runtime/base/str.h"
#include "runtime/engine/link.h"

void
link_path_of(const struct supervisor *sup, const char *instance, char out[108])
{
	snprintf(out, 108, "%s/pods/%s/" LINK_SOCKET_NAME, sup->c.runtime_dir, instance);
}

struct traffic *
competitor_traffic(const struct supervisor *sup, struct competitor *c)
{
	if (c->traffic == NULL)
		c->traffic =
		    traffic_new(sup->c.traffic != NULL ? sup->c.traffic : &traffic_defaults);
	return c->traffic;
}

static void
fill_target(struct live *l)
{
	const struct version *v = registry_version(l->sup->c.registry, l->in->version_id);
	struct competitor *c = registry_competitor(l->sup->c.registry, l->in->competitor_id);
	struct route_target *t = l->target;

	snprintf(t->instance, sizeof(t->instance), "%s", l->in->id);
	t->is_pod = v != NULL && !v->is_url;
	t->port = l->manifest.port;
	snprintf(t->version, sizeof(t->version), "%s", l->in->version_id);
	snprintf(t->digest, sizeof(t->digest), "%s", v != NULL ? v->digest : "");
	t->limit = l->manifest.concurrency > 0 ? l->manifest.concurrency : l->sup->c.concurrency;
	t->closed = true;
	if (c != NULL)
		t->traffic = traffic_ref(competitor_traffic(l->sup, c));
	link_path_of(l->sup, l->in->id, t->link_path);
	if (v != NULL && v->is_url)
		url_parse(v->reference, &t->url, NULL);
}

/* Another target than before, which chats that are ending may still hold. */
void
live_reach(struct live *l, const char *url_text)
{
	struct route_target *old = l->target;
	struct url url;

	if (url_text[0] == '\0' || url_parse(url_text, &url, NULL) < 0)
		return;
	l->target = route_target_new();
	fill_target(l);
	l->target->is_pod = false;
	l->target->url = url;
	route_target_unref(old);
}

struct live *
live_new(struct supervisor *sup, struct instance *in)
{
	struct live *l = mem_zalloc(sizeof(*l));
	const struct version *v = registry_version(sup->c.registry, in->version_id);

	l->sup = sup;
	l->in = in;
	in->live = l;
	l->entered_ms = clock_now_ms();
	l->target = route_target_new();
	/* It was checked when it was submitted; the default stands in for what is unreadable now. */
	if (v == NULL || manifest_parse(v->manifest, &l->manifest, NULL) < 0)
		manifest_parse("", &l->manifest, NULL);
	if (l->manifest.start_timeout_ms == 0) {
		struct policy limits;

		live_limits(l, &limits);
		l->manifest.start_timeout_ms = limits.start_timeout_ms;
	}
	fill_target(l);
	if (in->state == INSTANCE_BACKOFF) {
		const int64_t left_ms = in->next_try_ms - clock_wall_ms();

		l->next_try_ms =
		    l->entered_ms + (left_ms > 0 && left_ms < BACKOFF_MAX_MS ? left_ms : 0);
		l->last_failure_ms = l->entered_ms;
		l->stop_done = v != NULL && v->is_url;
	}
	return l;
}

void
live_free(struct live *l)
{
	timer_cancel(&l->timer);
	unwatch_health(l);
	if (l->link != NULL)
		link_close(l->link);
	broker_remove_pod(l->sup->broker, l->in->id);
	route_target_unref(l->target);
	manifest_done(&l->manifest);
	l->in->live = NULL;
	free(l);
}

/* A user of its own for every instance: the next free one of the range, going round. */
static unsigned
next_uid(struct supervisor *sup)
{
	for (unsigned tries = 0; tries < sup->c.uid_count; tries++) {
		const unsigned uid = sup->c.uid_first + sup->uid_next++ % sup->c.uid_count;
		size_t i = 0;

		while (i < sup->c.registry->ninstances && sup->c.registry->instances[i]->uid != uid)
			i++;
		if (i == sup->c.registry->ninstances)
			return uid;
	}
	return sup->c.uid_first;
}

struct instance *
instance_make(struct supervisor *sup, const struct competitor *c, const struct version *v)
{
	struct instance row = {
		.state = INSTANCE_ABSENT, .uid = next_uid(sup), .generation = c->generation
	};
	struct instance *in;

	id_new("ins", row.id);
	snprintf(row.competitor_id, sizeof(row.competitor_id), "%s", c->id);
	snprintf(row.version_id, sizeof(row.version_id), "%s", v->id);
	row.created_at_ms = row.updated_at_ms = row.since_ms = clock_wall_ms();
	in = registry_add_instance(sup->c.registry, &row);
	live_new(sup, in);
	return in;
}

/* Make what is missing of a version: its first state change stores an instance, and one that was not
 * stored did nothing. */
static void
ensure_of(struct supervisor *sup, const struct competitor *c, const struct version *v, int64_t want)
{
	for (size_t i = 0; i < sup->c.registry->ninstances; i++)
		want -=
		    registry_replica(sup->c.registry, c, v->id, sup->c.registry->instances[i]) >= 0;
	for (; want > 0; want--)
		live_evaluate(instance_make(sup, c, v)->live);
}

void
ensure_instance(struct supervisor *sup, const struct competitor *c)
{
	const struct version *v =
	    c->version_id[0] != '\0' ? registry_version(sup->c.registry, c->version_id) : NULL;
	const struct version *candidate =
	    c->candidate_id[0] != '\0' ? registry_version(sup->c.registry, c->candidate_id) : NULL;

	if (!c->wanted || v == NULL)
		return;
	if (c->activation == ACTIVATION_ON_DEMAND && !v->is_url && !traffic_crowded(c->traffic) &&
	    (c->asked_ms == 0 || clock_now_ms() - c->asked_ms >= c->idle_ms))
		return;
	ensure_of(sup, c, v, v->is_url ? 1 : c->replicas);
	if (candidate != NULL)
		ensure_of(sup, c, candidate, 1);
}
