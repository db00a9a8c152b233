/*
 * pulls.c - one pull of an image, however many submissions wait for it.
 *
 * A pull ends early when the last of those who wait for it leaves.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/supervise/live.h"
#include "runtime/base/clock.h"
#include "runtime/base/str.h"
#include "runtime/engine/image_ref.h"

#define PROGRESS_MS 200

struct pull {
	struct supervisor *sup;
	struct pull *next; /* under way */
	struct trial *waiting; /* by pull_next */
	char repository[REFERENCE_MAX], reference[REFERENCE_MAX], digest[DIGEST_MAX];
	char slug[SLUG_MAX], submission[NOUN_ID_MAX]; /* of the first who asked */
	struct pull_limits limits;
	atomic_bool cancel;
	int64_t began_ms, reported_ms, bytes;
	struct error err;
};

/* Progress crosses to the control loop a few times a second. */
struct progress {
	struct pull *pull;
	struct pull_progress seen;
};

static void
show_progress(void *arg)
{
	struct progress *p = arg;
	char done[24], total[24];

	str_format_size(p->seen.bytes, done, sizeof(done));
	if (p->seen.total_bytes > 0)
		str_format_size(p->seen.total_bytes, total, sizeof(total));
	else
		snprintf(total, sizeof(total), "unknown");
	for (struct trial *t = p->pull->waiting; t != NULL; t = t->pull_next) {
		struct submission *s = t->sub;

		s->bytes = p->seen.bytes;
		s->total_bytes = p->seen.total_bytes;
		snprintf(s->reason, sizeof(s->reason), "pulling_layers");
		snprintf(s->detail, sizeof(s->detail), "pulling %s of %s", done, total);
		s->fault[0] = '\0';
		t->sup->c.on_submission(s, t->sup->c.arg);
	}
	free(p);
}

static void
on_progress(const struct pull_progress *seen, void *arg)
{
	struct pull *pull = arg;
	const int64_t now_ms = clock_now_ms();
	struct progress *p;

	pull->bytes = seen->bytes;
	if (now_ms - pull->reported_ms < PROGRESS_MS)
		return;
	pull->reported_ms = now_ms;
	p = mem_zalloc(sizeof(*p));
	p->pull = pull;
	p->seen = *seen;
	loop_post(pull->sup->c.loop, show_progress, p);
}

static void
work(void *arg)
{
	struct pull *p = arg;
	struct engine *engine = p->sup->c.engine;

	engine->driver->pull(
	    engine, p->reference, p->digest, &p->limits, on_progress, p, &p->cancel, &p->err);
}

static void
tell(const struct pull *p)
{
	const struct supervisor_work work = {
		.is_pull = true,
		.ok = p->err.kind == ERROR_NONE,
		.competitor = p->slug,
		.id = p->submission,
		.image = p->reference,
		.digest = p->digest,
		.reason = error_kind_name(p->err.kind),
		.duration_ms = clock_now_ms() - p->began_ms,
		.bytes = p->bytes,
	};

	if (p->sup->c.on_work != NULL)
		p->sup->c.on_work(&work, p->sup->c.arg);
}

static void
done(void *arg)
{
	struct pull *p = arg, **at = &p->sup->pulls;
	struct trial *list = p->waiting;

	tell(p);
	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	for (struct trial *t = list; t != NULL; t = t->pull_next)
		t->pull = NULL;
	while (list != NULL) {
		struct trial *t = list;

		list = t->pull_next;
		trial_step_done(t, &p->err);
	}
	free(p);
}

static struct pull *
under_way(const struct supervisor *sup, const char *repository, const char *digest)
{
	for (struct pull *p = sup->pulls; p != NULL; p = p->next)
		if (!atomic_load(&p->cancel) && strcmp(p->digest, digest) == 0 &&
		    strcmp(p->repository, repository) == 0)
			return p;
	return NULL;
}

static struct pull *
begin(struct trial *t, const char *repository)
{
	struct supervisor *sup = t->sup;
	struct pull *p = mem_zalloc(sizeof(*p));
	struct policy policy;

	trial_limits(t, &policy);
	p->sup = sup;
	str_copy(p->repository, sizeof(p->repository), repository);
	str_copy(p->reference, sizeof(p->reference), t->sub->reference);
	str_copy(p->digest, sizeof(p->digest), t->sub->digest);
	str_copy(p->slug, sizeof(p->slug), t->sub->slug);
	str_copy(p->submission, sizeof(p->submission), t->sub->id);
	p->limits = sup->c.pull;
	p->limits.max_bytes = policy.image_bytes;
	p->began_ms = clock_now_ms();
	p->next = sup->pulls;
	sup->pulls = p;
	worker_run(sup->c.pullers, sup->c.loop, work, done, p);
	return p;
}

void
pull_join(struct trial *t)
{
	struct image_ref ref = { 0 };
	char repository[REFERENCE_MAX];

	image_ref_parse(t->sub->reference, &ref, NULL); /* it was, when it was submitted */
	image_ref_repository(&ref, repository);
	t->busy = true;
	t->pull = under_way(t->sup, repository, t->sub->digest);
	if (t->pull == NULL)
		t->pull = begin(t, repository);
	t->pull_next = t->pull->waiting;
	t->pull->waiting = t;
}

void
pull_leave(struct trial *t)
{
	struct trial **at;

	if (t->pull == NULL)
		return;
	at = &t->pull->waiting;
	while (*at != t)
		at = &(*at)->pull_next;
	*at = t->pull_next;
	if (t->pull->waiting == NULL)
		atomic_store(&t->pull->cancel, true);
	t->pull = NULL;
	t->busy = false;
}

void
pulls_cancel(struct supervisor *sup)
{
	for (struct pull *p = sup->pulls; p != NULL; p = p->next)
		atomic_store(&p->cancel, true);
}
