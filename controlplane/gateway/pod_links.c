/*
 * pod_links.c - a map from instance to link.
 */
#include "controlplane/gateway/pod_links.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/registry/routes.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"
#include "runtime/engine/link.h"

struct link *
pod_links_get(struct pod_links *links, struct loop *loop, const struct route_target *t)
{
	struct link *link = map_get(&links->by_instance, t->instance);

	if (link == NULL) {
		link = link_open(loop, t->link_path);
		map_put(&links->by_instance, t->instance, link);
	}
	return link;
}

bool
routes_have_instance(const struct routes *routes, const char *instance)
{
	for (size_t i = 0; routes != NULL && i < routes->len; i++)
		for (size_t k = 0; k < routes->at[i].ntargets; k++)
			if (str_eq(routes->at[i].targets[k]->instance, instance))
				return true;
	return false;
}

void
pod_links_keep(struct pod_links *links, const struct routes *routes)
{
	const size_t most = links->by_instance.len;
	_cleanup_free_ struct link **gone = mem_zalloc((most + 1) * sizeof(struct link *));
	_cleanup_free_ const char **names = mem_zalloc((most + 1) * sizeof(char *));
	size_t at = 0, ngone = 0;
	const char *instance;
	void *value;

	/* First out of the map, then closed: closing calls back, and that may open others. */
	while (map_next(&links->by_instance, &at, &instance, &value))
		if (!routes_have_instance(routes, instance))
			names[ngone++] = instance;
	for (size_t i = 0; i < ngone; i++) {
		char name[sizeof(((struct route_target *)0)->instance)];

		strcpy(name, names[i]); /* the map frees its key while it looks */
		gone[i] = map_remove(&links->by_instance, name);
	}
	for (size_t i = 0; i < ngone; i++)
		link_close(gone[i]);
}

void
pod_links_done(struct pod_links *links)
{
	pod_links_keep(links, NULL);
	map_done(&links->by_instance);
}
