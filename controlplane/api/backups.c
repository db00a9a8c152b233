/*
 * backups.c - make, list, check, stage and remove backups; and look through the database itself.
 *
 * The work is a worker's; one that writes a backup or reads all of one at a time.
 */
#include <stdio.h>
#include <stdlib.h>

#include "controlplane/api/handlers.h"
#include "controlplane/artifacts/blobs.h"
#include "controlplane/backup/backup.h"
#include "controlplane/store/check.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"

struct job {
	struct api_call *call;
	char *ref; /* owned; NULL: none was named */
	const char *event; /* that it happened; NULL: nothing changes */
	int status;
	bool *busy; /* while there is an exclusive one, the API's; NULL */
	struct backup backup;
	cJSON *answer; /* owned */
	struct error err;
};

static cJSON *
render(const struct api_call *c, const struct backup *b)
{
	const int64_t staged_ms = backup_staged(DEPS(c)->state_dir);
	cJSON *json = cJSON_CreateObject();

	json_add_str(json, "id", b->id);
	json_add_str(json, "object", "backup");
	json_add_str(json, "kind", b->is_database ? "database" : "full");
	json_add_str(json, "path", b->path);
	json_add_int(json, "size_bytes", b->bytes);
	json_add_int(json, "schema", b->schema);
	json_add_str(json, "version", json_str(b->manifest, "version"));
	if (b->manifest != NULL)
		json_add_int(json, "files", cJSON_GetArraySize(json_get(b->manifest, "files")));
	const cJSON *counts = json_get(b->manifest, "counts");
	cJSON_AddItemToObject(
	    json, "counts", counts != NULL ? cJSON_Duplicate(counts, true) : cJSON_CreateNull());
	json_add_time(json, "created_at", b->created_at_ms);
	json_add_time(json, "staged_at", staged_ms);
	return json;
}

static void
job_free(struct job *j)
{
	if (j->busy != NULL)
		*j->busy = false;
	cJSON_Delete(j->answer);
	backup_done(&j->backup);
	free(j->ref);
	free(j);
}

static void
answer(struct job *j)
{
	if (j->answer != NULL)
		reply_json(j->call, j->status, TAKE(j->answer));
	else if (j->err.kind == ERROR_NOT_FOUND)
		reply_code(j->call, CODE_RESOURCE_NOT_FOUND, NULL, "%s", j->err.text);
	else if (j->err.kind == ERROR_INVALID)
		reply_code(j->call, CODE_UNPROCESSABLE, NULL, "%s", j->err.text);
	else
		reply_error(j->call, &j->err);
	job_free(j);
}

static void
on_event_stored(const struct error *err, void *arg)
{
	struct job *j = arg;

	if (err != NULL) /* it happened all the same */
		log_warn("backup.event_lost", F_STR("error", err->text));
	answer(j);
}

static void
job_over(void *arg)
{
	struct job *j = arg;
	struct store_batch *b;

	if (j->event == NULL || j->answer == NULL) {
		answer(j);
		return;
	}
	b = store_batch_new();
	store_add_event(b,
	    &(struct store_event){
		.who = *WHO(j->call), .action = j->event, .object_id = j->backup.id });
	store_commit(DEPS(j->call)->store, b, on_event_stored, j);
}

/* The disk and the database have one of those that are exclusive to bear at a time. */
static void
begin(struct api_call *c, int status, const char *event, bool exclusive, void (*work)(void *))
{
	const char *ref = route_param(&c->params, "ref");
	struct job *j;

	if (exclusive && c->api->backing_up) {
		reply_code(c, CODE_INVALID_STATE, NULL,
		    "Another backup is made, checked or unpacked just now; wait for it.");
		return;
	}
	j = mem_zalloc(sizeof(*j));
	j->call = c;
	j->ref = str_dup(ref);
	j->event = event;
	j->status = status;
	if (exclusive) {
		j->busy = &c->api->backing_up;
		*j->busy = true;
	}
	worker_run(DEPS(c)->workers, DEPS(c)->control, work, job_over, j);
}

/* The one that the path names; false with the job's error. */
static bool
find(struct job *j)
{
	return backup_find(DEPS(j->call)->state_dir, j->ref, &j->backup, &j->err) == 0;
}

/* ---- one after the other ---- */

static void
create_work(void *arg)
{
	struct job *j = arg;
	const struct api_deps *d = DEPS(j->call);

	if (backup_make(d->state_dir, d->store, d->signing_key, &j->backup, &j->err) == 0)
		j->answer = render(j->call, &j->backup);
}

void
backup_create(struct api_call *c)
{
	begin(c, 201, "backup.created", true, create_work);
}

static void
get_work(void *arg)
{
	struct job *j = arg;

	if (find(j))
		j->answer = render(j->call, &j->backup);
}

void
backup_get(struct api_call *c)
{
	begin(c, 200, NULL, false, get_work);
}

static void
remove_work(void *arg)
{
	struct job *j = arg;

	if (!find(j) || backup_remove(&j->backup, &j->err) < 0)
		return;
	j->answer = cJSON_CreateObject();
	json_add_str(j->answer, "id", j->backup.id);
	json_add_str(j->answer, "object", "backup");
	json_add_bool(j->answer, "deleted", true);
}

void
backup_delete(struct api_call *c)
{
	begin(c, 200, "backup.removed", true, remove_work);
}

static void
check_work(void *arg)
{
	struct job *j = arg;
	struct error err = { 0 };

	if (!find(j))
		return;
	const int rc = backup_check(&j->backup, DEPS(j->call)->state_dir, &err);
	if (rc < 0 && err.kind != ERROR_INVALID && err.kind != ERROR_CONFLICT &&
	    err.kind != ERROR_TOO_BIG) {
		j->err = err; /* nothing was found out about it */
		return;
	}
	j->answer = cJSON_CreateObject();
	json_add_str(j->answer, "object", "backup_check");
	json_add_str(j->answer, "backup", j->backup.id);
	json_add_bool(j->answer, "ok", rc == 0);
	json_add_str(j->answer, "detail", rc == 0 ? NULL : err.text);
}

void
backup_verify(struct api_call *c)
{
	begin(c, 200, NULL, true, check_work);
}

static void
stage_work(void *arg)
{
	struct job *j = arg;

	if (find(j) && backup_stage(DEPS(j->call)->state_dir, &j->backup, &j->err) == 0)
		j->answer = render(j->call, &j->backup);
}

void
backup_restore(struct api_call *c)
{
	begin(c, 202, "backup.staged", true, stage_work);
}

static void
unstage_work(void *arg)
{
	struct job *j = arg;

	if (!find(j))
		return;
	backup_unstage(DEPS(j->call)->state_dir);
	j->answer = render(j->call, &j->backup);
}

void
backup_cancel(struct api_call *c)
{
	begin(c, 200, "backup.unstaged", true, unstage_work);
}

/* ---- all ---- */

struct listing {
	struct api_call *call;
	cJSON *rows; /* owned */
	struct error err;
};

static void
add_row(const struct backup *b, void *arg)
{
	struct listing *l = arg;

	cJSON_AddItemToArray(l->rows, render(l->call, b));
}

static const cJSON *
row(const struct api_call *c, size_t i)
{
	return cJSON_GetArrayItem(((const struct listing *)c->arg)->rows, (int)i);
}

static const char *
row_id(const struct api_call *c, size_t i)
{
	return json_str(row(c, i), "id");
}

static cJSON *
row_render(const struct api_call *c, size_t i)
{
	return cJSON_Duplicate(row(c, i), true);
}

static void
list_work(void *arg)
{
	struct listing *l = arg;

	backup_list(DEPS(l->call)->state_dir, add_row, l, &l->err);
}

static void
list_over(void *arg)
{
	struct listing *l = arg;
	const struct list_source src = { (size_t)cJSON_GetArraySize(l->rows), row_id, NULL,
		row_render, NULL };

	l->call->arg = l;
	if (l->err.kind != ERROR_NONE)
		reply_error(l->call, &l->err);
	else
		list_reply(l->call, &src);
	cJSON_Delete(l->rows);
	free(l);
}

void
backup_list_all(struct api_call *c)
{
	struct listing *l = mem_zalloc(sizeof(*l));

	l->call = c;
	l->rows = cJSON_CreateArray();
	worker_run(DEPS(c)->workers, DEPS(c)->control, list_work, list_over, l);
}

/* ---- the database as it is ---- */

struct checking {
	cJSON *checks; /* borrowed */
	char *blobs; /* owned */
};

static void
add_finding(const struct check_finding *f, void *arg)
{
	struct checking *k = arg;
	cJSON *json = cJSON_CreateObject();

	json_add_str(json, "name", f->name);
	json_add_bool(json, "ok", f->faults == 0);
	json_add_int(json, "faults", f->faults);
	json_add_str(json, "saw", f->saw);
	json_add_str(json, "fix", f->faults > 0 ? f->fix : NULL);
	cJSON_AddItemToArray(k->checks, json);
}

static int
find_blob(const char *sha256, int64_t size, void *arg, struct error *err)
{
	const struct checking *k = arg;
	_cleanup_close_ int fd = blob_open(k->blobs, sha256, size, err);

	return fd < 0 ? -1 : 0;
}

static void
db_work(void *arg)
{
	struct job *j = arg;
	struct checking k = { .blobs = str_printf("%s/blobs", DEPS(j->call)->state_dir) };
	int64_t schema = 0;

	j->answer = cJSON_CreateObject();
	json_add_str(j->answer, "object", "db_check");
	k.checks = json_add_arr(j->answer, "checks");
	const int bad =
	    store_check(DEPS(j->call)->store, &schema, add_finding, find_blob, &k, &j->err);
	json_add_bool(j->answer, "ok", bad == 0);
	json_add_int(j->answer, "schema", schema);
	free(k.blobs);
	if (bad >= 0)
		return;
	cJSON_Delete(j->answer);
	j->answer = NULL;
}

void
db_check(struct api_call *c)
{
	begin(c, 200, NULL, true, db_work);
}
