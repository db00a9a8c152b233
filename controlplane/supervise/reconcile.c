/*
 * reconcile.c - the engine: is it there, what runs on it, what happens.
 *
 * Events are hints.  A listing by label is the truth, taken at every (re)connect, after every
 * event (and a moment later: an engine tells of an end before its own list shows it), when an
 * instance is not healthy, and every ten seconds.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/supervise/broker.h"
#include "controlplane/supervise/live.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/file.h"
#include "runtime/base/id.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"

#define TICK_MS 10000
#define LOST_TICK_MS 1000
#define LIST_AGAIN_MS 50
#define LIST_LATER_MS 250

bool
may_start(const struct supervisor *sup)
{
	return sup->engine.ok && sup->adopted && sup->canary.state == CANARY_CONTAINED;
}

static void
set_engine(struct supervisor *sup, bool ok, const char *text)
{
	snprintf(sup->engine.text, sizeof(sup->engine.text), "%s", text);
	if (sup->engine.ok == ok && sup->engine.since_ms != 0)
		return;
	sup->engine.ok = ok;
	sup->engine.since_ms = clock_wall_ms();
	if (ok)
		log_info("engine.ready", F_STR("name", sup->engine.info.name),
		    F_STR("version", sup->engine.info.version), F_STR("api", sup->engine.info.api));
	else
		log_error("engine.lost", F_STR("error", text));
	sup->c.on_status(sup->c.arg);
}

static void on_tick(struct timer *, void *);

/* What runs is not known until a listing that is still to begin. */
static void
forget_what_runs(struct supervisor *sup)
{
	sup->adopted = false;
	sup->list_stale = sup->list_began;
}

void
engine_lost(struct supervisor *sup, const struct error *err)
{
	set_engine(sup, false, err->text);
	forget_what_runs(sup);
	if (!sup->stopping)
		timer_set(sup->c.loop, &sup->tick, LOST_TICK_MS, on_tick, sup);
}

/* ---- what runs ---- */

struct listing {
	struct supervisor *sup;
	uint64_t number;
	uint64_t sequence; /* jobs after this one know better */
	struct pod_state *pods;
	size_t n;
	struct error err;
};

static void
list_work(void *arg)
{
	struct listing *j = arg;
	struct engine *engine = j->sup->c.engine;

	if (engine->driver->pod_list(engine, &j->pods, &j->n, &j->err) == 0)
		j->err.kind = ERROR_NONE;
}

struct orphan {
	struct engine *engine;
	char instance[40];
	struct error err;
};

static void
orphan_work(void *arg)
{
	struct orphan *o = arg;

	o->engine->driver->pod_stop(o->engine, o->instance, 1000, &o->err);
}

static void
orphan_done(void *arg)
{
	struct orphan *o = arg;

	log_info("pod.orphan_removed", F_STR("instance_id", o->instance),
	    F_STR("error", o->err.kind != ERROR_NONE ? o->err.text : NULL));
	free(o);
}

static void
remove_orphan(struct supervisor *sup, const char *instance)
{
	struct orphan *o = mem_zalloc(sizeof(*o));

	o->engine = sup->c.engine;
	snprintf(o->instance, sizeof(o->instance), "%s", instance);
	worker_run(sup->c.workers, sup->c.loop, orphan_work, orphan_done, o);
}

/* ---- directories of pods that are gone: a crash between a pod's end and its directory's ---- */

struct sweep {
	char dir[108], newest[ID_MAX]; /* what was made later is none of ours */
	struct map keep;
};

static void
sweep_work(void *arg)
{
	struct sweep *s = arg;
	DIR *dir = opendir(s->dir);
	const struct dirent *e;

	while (dir != NULL && (e = readdir(dir)) != NULL) {
		_cleanup_free_ char *path = str_printf("%s/%s", s->dir, e->d_name);
		struct error err = { 0 };

		if (!id_valid("ins", e->d_name) || strcmp(e->d_name, s->newest) >= 0 ||
		    map_get(&s->keep, e->d_name) != NULL)
			continue;
		file_remove_tree(path, &err);
		log_info("pod.directory_removed", F_STR("path", path),
		    F_STR("error", err.kind != ERROR_NONE ? err.text : NULL));
	}
	if (dir != NULL)
		closedir(dir);
}

static void
sweep_done(void *arg)
{
	struct sweep *s = arg;

	map_done(&s->keep);
	free(s);
}

static void
sweep_directories(struct supervisor *sup, const struct listing *j)
{
	struct sweep *s = mem_zalloc(sizeof(*s));

	sup->swept = true;
	snprintf(s->dir, sizeof(s->dir), "%s/pods", sup->c.runtime_dir);
	id_new("ins", s->newest);
	for (size_t i = 0; i < sup->c.registry->ninstances; i++)
		map_put(&s->keep, sup->c.registry->instances[i]->id, s);
	/* The canary's, and those of orphans, which go with their pods. */
	if (sup->canary_id[0] != '\0')
		map_put(&s->keep, sup->canary_id, s);
	for (size_t i = 0; i < j->n; i++)
		map_put(&s->keep, j->pods[i].instance, s);
	worker_run(sup->c.workers, sup->c.loop, sweep_work, sweep_done, s);
}

static const struct pod_state *
pod_of(const struct listing *j, const char *instance)
{
	for (size_t i = 0; i < j->n; i++)
		if (strcmp(j->pods[i].instance, instance) == 0)
			return &j->pods[i];
	return NULL;
}

/* Take a running pod for what it is: started earlier, by a daemon that is gone. */
static void
adopt(struct live *l, const char *url)
{
	const struct competitor *c = registry_competitor(l->sup->c.registry, l->in->competitor_id);

	l->start_done = true;
	l->started_ms = clock_now_ms();
	l->paused = l->phase == POD_PAUSED;
	live_reach(l, url);
	if (l->target->is_pod)
		broker_add_pod(l->sup->broker, l->in->id, c != NULL ? c->slug : "removed",
		    l->in->token_sha256, l->target->link_path);
	if (!l->paused)
		watch_health(l);
	log_info("instance.adopted", F_STR("instance_id", l->in->id),
	    F_STR("state", instance_state_name(l->in->state)));
}

static bool
expects_pod(const struct live *l)
{
	return l->in->state == INSTANCE_READY || l->in->state == INSTANCE_STARTING ||
	    l->in->state == INSTANCE_FROZEN;
}

static void
compare(struct live *l, const struct listing *j)
{
	const struct pod_state *pod = pod_of(j, l->in->id);
	const bool matches = pod != NULL && strcmp(pod->hash, l->in->spec_hash) == 0;

	if (pod != NULL)
		l->last = *pod;
	else
		l->last = (struct pod_state){ 0 };
	if (!live_is_pod(l) || l->busy || l->committing || l->changed > j->sequence)
		return;
	if (!l->sup->adopted) {
		/* After a time without an engine a dead pod is the engine's doing. */
		const bool alive = matches && pod->link_running &&
		    (pod->phase == POD_RUNNING ||
			(pod->phase == POD_PAUSED && l->in->state == INSTANCE_FROZEN));

		l->phase = alive ? pod->phase : POD_ABSENT;
		if (alive && expects_pod(l) && !l->start_done)
			adopt(l, pod->url);
		if (!alive && l->in->state == INSTANCE_STARTING)
			l->start_done = false;
		l->link_running = alive;
		l->phase_known = l->start_done || l->in->state == INSTANCE_READY ||
		    l->in->state == INSTANCE_FROZEN;
		/* Nothing is left to stop; what there was to see of it was stored before. */
		if (pod == NULL && l->in->state == INSTANCE_BACKOFF && l->in->evidence != NULL)
			l->stop_done = true;
		return;
	}
	if (!expects_pod(l)) {
		/* FAILED and BACKOFF have none; a leftover goes the usual way. */
		if (pod != NULL && (l->in->state == INSTANCE_FAILED || l->stop_done))
			job_stop_pod(l);
		return;
	}
	if (!l->start_done)
		return;
	l->phase_known = true;
	l->phase = pod != NULL ? pod->phase : POD_ABSENT;
	l->link_running = pod != NULL && pod->link_running;
}

static void
on_list_again(struct timer *t, void *arg)
{
	(void)t;
	reconcile_now(arg);
}

static void
list_done(void *arg)
{
	struct listing *j = arg;
	struct supervisor *sup = j->sup;

	sup->listing = false;
	if (j->err.kind != ERROR_NONE) {
		engine_lost(sup, &j->err);
	} else if (!sup->stopping && j->number <= sup->list_stale) {
		timer_set(sup->c.loop, &sup->list_again, LIST_AGAIN_MS, on_list_again, sup);
	} else if (!sup->stopping) {
		for (size_t i = 0; i < sup->c.registry->ninstances; i++)
			compare(sup->c.registry->instances[i]->live, j);
		for (size_t i = 0; i < j->n; i++)
			if (registry_instance(sup->c.registry, j->pods[i].instance) == NULL &&
			    strcmp(j->pods[i].instance, sup->canary_id) != 0)
				remove_orphan(sup, j->pods[i].instance);
		if (!sup->swept)
			sweep_directories(sup, j);
		sup->list_done = j->number;
		if (!sup->adopted) {
			sup->adopted = true;
			publish_routes(sup);
		}
		live_evaluate_all(sup);
		trials_evaluate_all(sup);
		/* Not at once: who makes events in a loop must not make us list in one. */
		if (sup->stale || sup->told)
			timer_set(sup->c.loop, &sup->list_again,
			    sup->stale ? LIST_AGAIN_MS : LIST_LATER_MS, on_list_again, sup);
		sup->told = sup->told && sup->stale;
	}
	free(j->pods);
	free(j);
}

void
reconcile_now(struct supervisor *sup)
{
	struct listing *j;

	sup->stale = sup->listing;
	if (sup->listing || sup->stopping || !sup->engine.ok)
		return;
	timer_cancel(&sup->list_again);
	j = mem_zalloc(sizeof(*j));
	j->sup = sup;
	j->number = ++sup->list_began;
	j->sequence = sup->sequence;
	sup->listing = true;
	worker_run(sup->c.workers, sup->c.loop, list_work, list_done, j);
}

/* ---- what happens ---- */

struct news {
	struct supervisor *sup;
	struct engine_event event;
};

static void
on_news(void *arg)
{
	struct news *n = arg;

	if (strcmp(n->event.action, "oom") == 0)
		log_warn("instance.oom", F_STR("instance_id", n->event.instance));
	n->sup->told = true;
	reconcile_now(n->sup);
	free(n);
}

static void
on_event(const struct engine_event *event, void *arg)
{
	struct supervisor *sup = arg;
	struct news *n;

	/* exec and the like tell nothing about life and death. */
	if (strcmp(event->action, "die") != 0 && strcmp(event->action, "oom") != 0 &&
	    strcmp(event->action, "destroy") != 0 && strcmp(event->action, "pause") != 0 &&
	    strcmp(event->action, "unpause") != 0)
		return;
	n = mem_zalloc(sizeof(*n));
	n->sup = sup;
	n->event = *event;
	loop_post(sup->c.loop, on_news, n);
}

struct watching {
	struct supervisor *sup;
	int64_t began_ms;
	struct error err;
};

static void
events_work(void *arg)
{
	struct watching *w = arg;
	struct engine *engine = w->sup->c.engine;

	engine->driver->events(engine, on_event, w->sup, &w->sup->stop_events, &w->err);
}

static void check_engine(struct supervisor *);

static void
events_done(void *arg)
{
	struct watching *w = arg;
	struct supervisor *sup = w->sup;
	const bool at_once = clock_now_ms() - w->began_ms < LOST_TICK_MS;
	/* An engine that was started again, and answers already, has ended its pods as well. */
	const bool ended = w->err.kind == ERROR_UNAVAILABLE;

	sup->watching = false;
	free(w);
	if (sup->stopping)
		return;
	if (ended)
		forget_what_runs(sup);
	if (at_once) /* an engine that refuses its events is not asked in a loop */
		timer_set(sup->c.loop, &sup->tick, LOST_TICK_MS, on_tick, sup);
	else
		check_engine(sup);
}

static void
watch_events(struct supervisor *sup)
{
	struct watching *w;

	if (sup->watching || sup->stopping)
		return;
	w = mem_zalloc(sizeof(*w));
	w->sup = sup;
	w->began_ms = clock_now_ms();
	sup->watching = true;
	worker_run(sup->c.workers, sup->c.loop, events_work, events_done, w);
}

/* ---- is it there ---- */

struct check {
	struct supervisor *sup;
	struct engine_info info, second;
	struct error err, second_err;
	struct disk disk;
};

static void
check_work(void *arg)
{
	struct check *c = arg;
	struct engine *engine = c->sup->c.engine;

	if (engine->driver->info(engine, &c->info, &c->err) == 0)
		c->err.kind = ERROR_NONE;
	disk_look(c->sup->c.pull.disk != NULL ? c->sup->c.pull.disk : c->info.root, &c->disk, NULL);
	engine = c->sup->c.second;
	if (engine != NULL && engine->driver->info(engine, &c->second, &c->second_err) == 0)
		c->second_err.kind = ERROR_NONE;
}

/* It being away stops nothing but what runs there, which its health tells of. */
static void
note_second(struct supervisor *sup, const struct check *c)
{
	const bool ok = c->second_err.kind == ERROR_NONE;

	if (sup->c.second == NULL)
		return;
	snprintf(sup->second.text, sizeof(sup->second.text), "%s", ok ? "" : c->second_err.text);
	if (ok)
		sup->second.info = c->second;
	if (sup->second.ok == ok && sup->second.since_ms != 0)
		return;
	sup->second.ok = ok;
	sup->second.since_ms = clock_wall_ms();
	if (ok)
		log_info("engine.second_ready", F_STR("name", c->second.name),
		    F_STR("not_enforced", c->second.missing));
	else
		log_warn("engine.second_lost", F_STR("error", c->second_err.text));
}

/* Room for images is told of before it ends. */
static void
note_disk(struct supervisor *sup, const struct disk *disk)
{
	const double percent = disk_free_percent(disk);
	const int before = sup->engine.disk_state;
	char words[80];

	sup->engine.disk = *disk;
	sup->engine.disk_state = percent < sup->c.pull.free_percent ? DISK_FULL
	    : percent < sup->c.disk_warn_percent                    ? DISK_LOW
								    : DISK_FINE;
	if ((int)sup->engine.disk_state == before)
		return;
	disk_words(disk, words, sizeof(words));
	if (sup->engine.disk_state == DISK_FINE)
		log_info("engine.disk_fine", F_STR("disk", words));
	else
		log_warn(
		    sup->engine.disk_state == DISK_FULL ? "engine.disk_full" : "engine.disk_low",
		    F_STR("disk", words), F_INT("pulls_need_percent", sup->c.pull.free_percent));
}

static void
check_done(void *arg)
{
	struct check *c = arg;
	struct supervisor *sup = c->sup;

	sup->checking = false;
	if (sup->stopping) {
		free(c);
		return;
	}
	note_second(sup, c);
	note_disk(sup, &c->disk);
	if (c->err.kind != ERROR_NONE) {
		engine_lost(sup, &c->err);
	} else if (c->info.missing[0] != '\0') {
		char text[DETAIL_MAX];

		snprintf(text, sizeof(text), "the engine cannot enforce: %s", c->info.missing);
		set_engine(sup, false, text);
	} else {
		const bool changed = strcmp(sup->engine.info.version, c->info.version) != 0;

		sup->engine.info = c->info;
		set_engine(sup, true, "");
		watch_events(sup);
		reconcile_now(sup);
		if (changed || sup->canary.state == CANARY_PENDING ||
		    sup->canary.state == CANARY_FAILED)
			canary_start(sup, NULL, NULL);
	}
	timer_set(sup->c.loop, &sup->tick, sup->engine.ok ? TICK_MS : LOST_TICK_MS, on_tick, sup);
	free(c);
}

static void
check_engine(struct supervisor *sup)
{
	struct check *c;

	if (sup->checking)
		return;
	c = mem_zalloc(sizeof(*c));
	c->sup = sup;
	sup->checking = true;
	worker_run(sup->c.workers, sup->c.loop, check_work, check_done, c);
}

static void
on_tick(struct timer *t, void *arg)
{
	(void)t;
	check_engine(arg);
}

void
engine_watch_start(struct supervisor *sup)
{
	check_engine(sup);
}
