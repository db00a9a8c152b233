/*
 * submit_wish.c - what is asked of the supervisor about submissions: would it take one, take it, end it;
 * and the answers to those who asked, once what they asked for is stored.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/supervise/history.h"
#include "controlplane/supervise/live.h"
#include "controlplane/supervise/uploads.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/id.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/engine/image_ref.h"

/* ---- would it be taken? ---- */

static bool
is_reserved(const char *slug)
{
	static const char *const reserved[] = { "janus", "janus-fast", "janus-cheap", "champion",
		"all", "none", "default" };

	for (size_t i = 0; i < ARRAY_LEN(reserved); i++)
		if (strcmp(slug, reserved[i]) == 0)
			return true;
	return str_starts(slug, "janus-") || str_starts(slug, CHECK_PREFIX);
}

static int
check_manifest(const struct supervisor *sup, const char *slug, const char *text, struct error *err)
{
	struct manifest m = { 0 };
	struct policy limits;

	if (manifest_parse(text, &m, err) < 0)
		return error_add(err, "manifest");
	competitor_limits(sup, registry_slug(sup->c.registry, slug), &limits);
	const int within = manifest_check(&m, &limits, err);
	manifest_done(&m);
	return within < 0 ? error_add(err, "manifest") : 0;
}

static int
check_archive(const struct supervisor *sup, const char *digest, struct error *err)
{
	if (!upload_digest_valid(digest))
		return error_set(
		    err, ERROR_INVALID, "'%.80s' is not 'sha256:' and 64 hex digits", digest);
	_cleanup_close_ const int fd = uploads_open(sup->c.state_dir, digest, err);
	return fd < 0 ? -1 : 0;
}

static int
check(const struct supervisor *sup, const char *slug, const struct submit_wish *wish,
    struct error *err)
{
	const struct submission *active = registry_active(sup->c.registry, slug);
	struct image_ref ref;
	struct url u;

	if (!str_slug_valid(slug))
		return error_set(err, ERROR_INVALID,
		    "name '%.48s' is not a slug: lower-case letters, digits and inner hyphens, at "
		    "most 40",
		    slug);
	if (wish->slug != NULL && is_reserved(slug))
		return error_set(err, ERROR_INVALID, "name '%s' is reserved", slug);
	if (wish->archive != NULL && check_archive(sup, wish->archive, err) < 0)
		return error_add(err, "bundle");
	if (strlen(wish->reference) >= REFERENCE_MAX)
		return error_set(err, ERROR_INVALID, "%s: longer than %d bytes",
		    wish->is_url ? "url" : "image", REFERENCE_MAX - 1);
	if (wish->is_url &&
	    (url_parse(wish->reference, &u, err) < 0 || url_endpoint_check(&u, err) < 0))
		return error_add(err, "url");
	if (!wish->is_url && image_ref_parse(wish->reference, &ref, err) < 0)
		return error_add(err, "image");
	if (check_manifest(sup, slug, wish->manifest, err) < 0)
		return -1;
	if (active != NULL)
		return error_set(err, ERROR_CONFLICT,
		    "a submission of '%s' is under way: %s (%s); wait for it or cancel it", slug,
		    active->id, submission_state_name(active->state));
	return 0;
}

/* What it is called in the engine: by its competitor, and by the file it came as. */
static void
name_archive(const char *slug, const char *digest, char out[REFERENCE_MAX])
{
	snprintf(
	    out, REFERENCE_MAX, "%s%s:%.32s", IMPORT_REPOSITORY, slug, digest + strlen("sha256:"));
}

/* A version is what it is: its digest is not asked for again. An archive has a name of ours. */
static struct submit_wish
whole_wish(const struct submit_wish *wish, const char *slug, char reference[REFERENCE_MAX])
{
	struct submit_wish w = *wish;

	if (wish->archive != NULL) {
		name_archive(slug,
		    upload_digest_valid(wish->archive) ? wish->archive : "sha256:", reference);
		w.reference = reference;
	}
	if (wish->version == NULL)
		return w;
	w.reference = wish->version->reference;
	w.is_url = wish->version->is_url;
	w.manifest = wish->version->manifest;
	return w;
}

static void
name_wish(const struct submit_wish *wish, char slug[SLUG_MAX])
{
	char id[NOUN_ID_MAX];

	id_new("x", id);
	snprintf(slug, SLUG_MAX, "%s%s", wish->slug != NULL ? wish->slug : CHECK_PREFIX,
	    wish->slug != NULL ? "" : id + strlen(id) - 12);
}

int
supervisor_check(const struct supervisor *sup, const struct submit_wish *wish, struct error *err)
{
	char slug[SLUG_MAX], reference[REFERENCE_MAX];

	name_wish(wish, slug);
	const struct submit_wish all = whole_wish(wish, slug, reference);
	return check(sup, slug, &all, err);
}

/* ---- submit ---- */

struct wish { /* tells the one who asked, once it is stored */
	struct trial *trial;
	supervisor_done_fn *done;
	void *arg;
};

static void
stored(const struct error *err, void *arg)
{
	struct wish *w = arg;
	struct trial *t = w->trial;

	t->committing = false;
	if (err != NULL) { /* it was never acknowledged: as if it had not come */
		t->over = true;
		t->sub->state = SUBMISSION_FAILED;
		snprintf(t->sub->reason, sizeof(t->sub->reason), "not_stored");
		snprintf(t->sub->fault, sizeof(t->sub->fault), "platform");
	}
	w->done(err, t->sub->id, w->arg);
	free(w);
	if (err != NULL || t->sup->stopping) {
		trial_answer_cancels(t);
		return;
	}
	t->sup->c.on_submission(t->sub, t->sup->c.arg);
	if (t->cancels != NULL)
		trial_enter_cancelled(t);
	else
		trial_evaluate(t);
}

static struct submission *
add_row(struct supervisor *sup, const char *slug, const struct submit_wish *wish)
{
	struct submission row = {
		.state = SUBMISSION_RECEIVED, .is_url = wish->is_url, .check_only = wish->check_only
	};

	id_new("sub", row.id);
	snprintf(row.slug, sizeof(row.slug), "%s", slug);
	snprintf(row.reference, sizeof(row.reference), "%s", wish->reference);
	if (wish->archive != NULL)
		snprintf(row.archive, sizeof(row.archive), "%s", wish->archive);
	if (wish->version != NULL) {
		snprintf(row.digest, sizeof(row.digest), "%s", wish->version->digest);
		row.is_local = strcmp(wish->version->digest, wish->version->image_id) == 0;
	}
	row.manifest = str_dup(wish->manifest != NULL ? wish->manifest : "");
	row.created_at_ms = row.updated_at_ms = row.since_ms = clock_wall_ms();
	return registry_add_submission(sup->c.registry, &row);
}

static void
add_histories(struct store_batch *b, const struct histories *all, const struct submission *s)
{
	for (size_t i = 0; all != NULL && i < all->len; i++) {
		struct history h = all->at[i]; /* its texts are borrowed */

		snprintf(h.submission_id, sizeof(h.submission_id), "%s", s->id);
		h.imported_at_ms = s->created_at_ms;
		store_add_history(b, &h);
	}
}

int
supervisor_submit(struct supervisor *sup, const struct submit_wish *wish,
    const struct store_actor *who, supervisor_done_fn *done, void *arg, struct error *err)
{
	char slug[SLUG_MAX], reference[REFERENCE_MAX];
	struct wish *w;
	struct store_batch *b;
	struct submission *s;

	name_wish(wish, slug);
	const struct submit_wish all = whole_wish(wish, slug, reference);
	if (check(sup, slug, &all, err) < 0)
		return -1;
	s = add_row(sup, slug, &all);
	trial_resume(sup, s);

	w = mem_zalloc(sizeof(*w));
	*w = (struct wish){ sup->trials, done, arg };
	b = store_batch_new();
	store_put_submission(b, s);
	add_histories(b, wish->histories, s);
	store_add_event(b,
	    &(struct store_event){ .who = *who,
		.action = wish->check_only ? "submission.check" : "submission.create",
		.object_id = s->id,
		.reason = wish->origin,
		.after = s->reference });
	sup->trials->committing = true;
	store_commit(sup->c.store, b, stored, w);
	return 0;
}

/* ---- cancel ---- */

struct cancel { /* one who asked for the end of a trial */
	struct cancel *next;
	supervisor_done_fn *done;
	void *arg;
};

void
trial_tell_cancelled(struct trial *t, const struct error *err)
{
	struct cancel *list = t->cancels;

	t->cancels = NULL;
	for (struct cancel *next; list != NULL; list = next) {
		next = list->next;
		list->done(err, t->sub->id, list->arg);
		free(list);
	}
}

/* What was stored is the answer: it may have come to another end first. */
void
trial_answer_cancels(struct trial *t)
{
	struct error err = { 0 };

	if (!submission_is_final(t->sub->state))
		error_set(&err, ERROR_CANCELLED,
		    "Janus is stopping: submission %s goes on after the next start", t->sub->id);
	else if (t->sub->state != SUBMISSION_CANCELLED)
		error_set(&err, ERROR_CONFLICT, "submission %s is %s already", t->sub->id,
		    submission_state_name(t->sub->state));
	trial_tell_cancelled(t, err.kind != ERROR_NONE ? &err : NULL);
}

int
supervisor_cancel(struct supervisor *sup, struct submission *s, const struct store_actor *who,
    supervisor_done_fn *done, void *arg, struct error *err)
{
	struct trial *t = sup->trials;
	struct cancel *k;

	while (t != NULL && t->sub != s)
		t = t->next;
	if (t == NULL || submission_is_final(s->state))
		return error_set(err, ERROR_CONFLICT, "submission %s is %s already", s->id,
		    submission_state_name(s->state));
	log_info("submission.cancel", F_STR("submission_id", s->id), F_STR("actor", who->name));
	k = mem_zalloc(sizeof(*k));
	*k = (struct cancel){ t->cancels, done, arg };
	t->cancels = k;
	if (!t->committing) /* else when its present step is stored */
		trial_enter_cancelled(t);
	return 0;
}
