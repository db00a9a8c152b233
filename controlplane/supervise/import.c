/*
 * import.c - archives that were sent: into the engine, and out of the way again.
 *
 * The engine is never given what was sent, but an archive written anew of what was checked.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "controlplane/supervise/live.h"
#include "controlplane/supervise/uploads.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/bundle/image.h"

#define LOAD_STALL_MS 300000 /* it unpacks layers without a word */
#define UNTAG_TRIES 60 /* a pod that ends still uses its image */
#define UNTAG_WAIT_US 500000

static int
load(struct engine *e, int sent, const struct image_archive *image, const char *state_dir,
    const char *reference, const atomic_bool *cancel, struct error *err)
{
	_cleanup_close_ int fd = uploads_scratch(state_dir, err);

	if (fd < 0 || image_archive_write(sent, image, reference, bundle_to_fd, &fd, err) < 0)
		return -1;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return error_errno(err, "what goes to the engine");
	if (e->driver->load(e, fd, image->id, LOAD_STALL_MS, cancel, err) == 0)
		return 0;
	if (err->kind == ERROR_NOT_FOUND) /* not the archive: that it did not arrive there */
		err->kind = ERROR_INTERNAL;
	return -1;
}

int
import_archive(struct engine *e, const char *state_dir, const char *archive, const char *reference,
    int64_t max_bytes, const atomic_bool *cancel, char id[DIGEST_MAX], struct error *err)
{
	_cleanup_close_ int sent = uploads_open(state_dir, archive, err);
	struct image_archive image = { 0 };

	if (sent < 0 || image_archive_read(sent, max_bytes, &image, err) < 0)
		return -1;
	const int rc = load(e, sent, &image, state_dir, reference, cancel, err);
	if (rc == 0)
		snprintf(id, DIGEST_MAX, "%s", image.id);
	image_archive_done(&image);
	return rc;
}

void
imports_cancel(struct supervisor *sup)
{
	for (struct trial *t = sup->trials; t != NULL; t = t->next)
		atomic_store(&t->cancel, true);
}

/* ---- afterwards ---- */

bool
supervisor_uses_upload(const struct supervisor *sup, const char *digest)
{
	for (const struct trial *t = sup->trials; t != NULL; t = t->next)
		if (!t->over && strcmp(t->sub->archive, digest) == 0)
			return true;
	return false;
}

static bool
in_use(const char *digest, void *arg)
{
	return supervisor_uses_upload(arg, digest);
}

void
supervisor_sweep_uploads(const struct supervisor *sup)
{
	uploads_sweep(sup->c.state_dir, UPLOAD_AGE_MAX_MS, in_use, (void *)(uintptr_t)sup);
}

struct untag {
	struct engine *engine;
	char reference[REFERENCE_MAX];
	const bool *stopping;
	struct error err;
};

static void
untag_work(void *arg)
{
	struct untag *u = arg;

	for (int i = 0; i < UNTAG_TRIES; i++) {
		u->err = (struct error){ 0 };
		if (u->engine->driver->untag(u->engine, u->reference, &u->err) == 0 ||
		    u->err.kind != ERROR_CONFLICT || __atomic_load_n(u->stopping, __ATOMIC_RELAXED))
			return;
		usleep(UNTAG_WAIT_US);
	}
}

static void
untag_done(void *arg)
{
	struct untag *u = arg;

	if (u->err.kind != ERROR_NONE)
		log_warn("import.image_stays", F_STR("image", u->reference),
		    F_STR("error", u->err.text));
	free(u);
}

/* Is that image somebody's, who was accepted with it or is about to be? */
static bool
is_kept(const struct trial *t)
{
	const struct registry *reg = t->sup->c.registry;

	if (t->sub->state == SUBMISSION_READY)
		return true;
	for (size_t i = 0; i < reg->nversions; i++)
		if (reg->versions[i]->accepted_at_ms != 0 &&
		    strcmp(reg->versions[i]->reference, t->sub->reference) == 0)
			return true;
	for (const struct trial *o = t->sup->trials; o != NULL; o = o->next)
		if (!o->over && strcmp(o->sub->reference, t->sub->reference) == 0)
			return true;
	return false;
}

void
import_over(struct trial *t)
{
	struct supervisor *sup = t->sup;
	struct untag *u;

	if (t->sub->archive[0] == '\0')
		return;
	if (!supervisor_uses_upload(sup, t->sub->archive))
		uploads_remove(sup->c.state_dir, t->sub->archive);
	if (is_kept(t))
		return;
	u = mem_zalloc(sizeof(*u));
	u->engine = sup->c.engine;
	u->stopping = &sup->stopping;
	snprintf(u->reference, sizeof(u->reference), "%s", t->sub->reference);
	worker_run(sup->c.pullers, sup->c.loop, untag_work, untag_done, u);
}
