/*
 * restore.c - a backup takes the place of the state: by janusd --restore, or at a start after it was
 * staged; and a database that is refused is refused with the way back.
 */
#include <stdio.h>
#include <unistd.h>

#include "controlplane/backup/backup.h"
#include "controlplane/config.h"
#include "controlplane/daemon.h"
#include "controlplane/janus.h"
#include "controlplane/store/retention.h"
#include "controlplane/store/store.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"

#define ADVICE_MAX 800

int
janus_open_store(struct janus *j, struct error *err)
{
	const char *dir = j->config->state_dir;
	char kept[BACKUP_PATH_MAX], advice[ADVICE_MAX];
	const int rc = backup_take(dir, kept, err);

	if (j->before == NULL) /* else that one may be making one */
		backup_clear(dir);
	if (rc == 0 && kept[0] != '\0')
		log_warn("backup.restored", F_STR("kept", kept));
	if (rc == 0)
		j->store = store_open(dir, j->control, err);
	if (j->store != NULL) {
		store_reserve(j->store, j->config->disk_reserve);
		store_retain(j->store, j->config->usage_kept_ms, j->config->events_kept_ms);
		return 0;
	}
	backup_advice(dir, advice, sizeof(advice));
	log_error("database.refused", F_STR("error", err->text), F_STR("fix", advice));
	return -1;
}

/* Whoever has the state open holds this. */
static int
lock_state(const char *dir, struct error *err)
{
	_cleanup_free_ char *lock = str_printf("%s/lock", dir);

	if (file_mkdirs(dir, 0750, err) < 0)
		return -1;
	_cleanup_close_ int fd = file_lock(lock, err);
	if (fd < 0 && err->kind == ERROR_CONFLICT)
		return error_set(err, ERROR_CONFLICT,
		    "a janusd uses %s: stop it first, or have it do this at its next start with "
		    "janusctl restore backup ID",
		    dir);
	return fd < 0 || file_give(dir, "lock", err) < 0 ? -1 : TAKE_FD(fd);
}

static int
find(const char *dir, const char *what, struct backup *out, struct error *err)
{
	return access(what, F_OK) == 0 ? backup_at(what, out, err)
				       : backup_find(dir, what, out, err);
}

int
daemon_restore(const struct config *config, const char *what, struct error *err)
{
	const char *dir = config->state_dir;
	_cleanup_close_ int lock = lock_state(dir, err);
	_cleanup_(backup_done) struct backup b = { 0 };
	char kept[BACKUP_PATH_MAX];

	if (lock < 0 || find(dir, what, &b, err) < 0 || backup_stage(dir, &b, err) < 0 ||
	    backup_take(dir, kept, err) < 0)
		return -1;
	printf("%s is the state in %s now; what was there is in %s\n", b.path, dir, kept);
	return 0;
}
