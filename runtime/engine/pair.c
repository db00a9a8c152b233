/*
 * pair.c - each call to the engine that has the pod.
 */
#include "runtime/engine/pair.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/engine/engine.h"

struct pair {
	struct engine engine;
	struct engine *first, *second;
};

static struct pair *
of(struct engine *e)
{
	return CONTAINER_OF(e, struct pair, engine);
}

static struct engine *
that_has(struct engine *e, const char *instance)
{
	struct pair *p = of(e);

	return p->second->driver->holds(p->second, instance) ? p->second : p->first;
}

static int
told(const struct engine *e, const struct pair *p, int rc, struct error *err)
{
	if (rc < 0 && e == p->second && err != NULL &&
	    (err->kind == ERROR_UNAVAILABLE || err->kind == ERROR_TIMEOUT))
		err->kind = ERROR_UPSTREAM;
	return rc;
}

static int
pair_info(struct engine *e, struct engine_info *out, struct error *err)
{
	return of(e)->first->driver->info(of(e)->first, out, err);
}

static int
pair_resolve(
    struct engine *e, const char *ref, char digest[DIGEST_MAX], bool *local, struct error *err)
{
	return of(e)->first->driver->resolve(of(e)->first, ref, digest, local, err);
}

static int
pair_pull(struct engine *e, const char *ref, const char *digest, const struct pull_limits *limits,
    pull_progress_fn *fn, void *arg, const atomic_bool *cancel, struct error *err)
{
	return of(e)->first->driver->pull(of(e)->first, ref, digest, limits, fn, arg, cancel, err);
}

static int
pair_load(struct engine *e, int fd, const char *id, int64_t stall_ms, const atomic_bool *cancel,
    struct error *err)
{
	return of(e)->first->driver->load(of(e)->first, fd, id, stall_ms, cancel, err);
}

static int
pair_save(struct engine *e, const char *ref, int64_t stall_ms,
    int (*fn)(const char *bytes, size_t len, void *arg), void *arg, const atomic_bool *cancel,
    struct error *err)
{
	return of(e)->first->driver->save(of(e)->first, ref, stall_ms, fn, arg, cancel, err);
}

static int
pair_untag(struct engine *e, const char *ref, struct error *err)
{
	return of(e)->first->driver->untag(of(e)->first, ref, err);
}

static int
pair_image(struct engine *e, const char *ref, struct image_info *out, struct error *err)
{
	return of(e)->first->driver->image(of(e)->first, ref, out, err);
}

static int
pair_pod_start(struct engine *e, const struct pod_spec *s, struct error *err)
{
	struct engine *to = s->second ? of(e)->second : of(e)->first;

	return told(to, of(e), to->driver->pod_start(to, s, err), err);
}

static int
pair_pod_stop(struct engine *e, const char *instance, int64_t grace_ms, struct error *err)
{
	struct engine *to = that_has(e, instance);

	return told(to, of(e), to->driver->pod_stop(to, instance, grace_ms, err), err);
}

static int
pair_pod_state(struct engine *e, const char *instance, struct pod_state *out, struct error *err)
{
	struct engine *to = that_has(e, instance);

	return told(to, of(e), to->driver->pod_state(to, instance, out, err), err);
}

static int
pair_pod_list(struct engine *e, struct pod_state **out, size_t *n, struct error *err)
{
	const struct pair *p = of(e);
	_cleanup_free_ struct pod_state *a = NULL, *b = NULL;
	struct pod_state *all;
	size_t na = 0, nb = 0;

	if (p->first->driver->pod_list(p->first, &a, &na, err) < 0 ||
	    told(p->second, p, p->second->driver->pod_list(p->second, &b, &nb, err), err) < 0)
		return -1;
	all = mem_zalloc((na + nb + 1) * sizeof(*all));
	if (na > 0)
		memcpy(all, a, na * sizeof(*all));
	if (nb > 0)
		memcpy(all + na, b, nb * sizeof(*all));
	*out = all;
	*n = na + nb;
	return 0;
}

static int
pair_pod_pause(struct engine *e, const char *instance, bool pause, struct error *err)
{
	struct engine *to = that_has(e, instance);

	return told(to, of(e), to->driver->pod_pause(to, instance, pause, err), err);
}

static int
pair_logs(struct engine *e, const char *instance, int tail, bool follow, log_line_fn *fn, void *arg,
    const atomic_bool *cancel, struct error *err)
{
	struct engine *to = that_has(e, instance);

	return told(
	    to, of(e), to->driver->logs(to, instance, tail, follow, fn, arg, cancel, err), err);
}

static int
pair_events(
    struct engine *e, engine_event_fn *fn, void *arg, const atomic_bool *cancel, struct error *err)
{
	return of(e)->first->driver->events(of(e)->first, fn, arg, cancel, err);
}

static int
pair_pod_use(struct engine *e, const char *instance, struct pod_use *out, struct error *err)
{
	struct engine *to = that_has(e, instance);

	return told(to, of(e), to->driver->pod_use(to, instance, out, err), err);
}

static void
pair_free(struct engine *e)
{
	if (e == NULL)
		return;
	of(e)->first->driver->free(of(e)->first);
	of(e)->second->driver->free(of(e)->second);
	free(of(e));
}

static const struct engine_driver driver = {
	.name = "pair",
	.info = pair_info,
	.resolve = pair_resolve,
	.pull = pair_pull,
	.load = pair_load,
	.save = pair_save,
	.untag = pair_untag,
	.image = pair_image,
	.pod_start = pair_pod_start,
	.pod_stop = pair_pod_stop,
	.pod_state = pair_pod_state,
	.pod_list = pair_pod_list,
	.pod_pause = pair_pod_pause,
	.logs = pair_logs,
	.events = pair_events,
	.pod_use = pair_pod_use,
	.free = pair_free,
};

struct engine *
engine_pair_new(struct engine *first, struct engine *second)
{
	struct pair *p = mem_zalloc(sizeof(*p));

	p->engine.driver = &driver;
	p->first = first;
	p->second = second;
	return &p->engine;
}
