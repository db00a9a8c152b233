/*
 * backup.h - all of the state in one file, and the way back.
 *
 * A backup is a signed bundle (runtime/bundle/signed.h) of kind "backup": the database as it was at
 * one moment, the bytes of its artifacts, the evidence of its runs, and the keys that links and
 * bundles are sealed with.  It is a secret, and readable by its owner alone.  Images are not in it:
 * the database has their references.  Captures, uploads on their way and logs are not either.
 *
 * <state>/backups holds them.  What sql.h copied before it changed a schema, <state>/janus.db.before-N,
 * is a backup too, of the database alone.
 *
 * Everything here blocks: for workers and for start-up.
 */
#ifndef JANUS_BACKUP_BACKUP_H
#define JANUS_BACKUP_BACKUP_H
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "controlplane/store/nouns.h"
struct ed25519_key;
struct error;
struct store;

#define BACKUP_PATH_MAX 640

struct backup {
	char id[NOUN_ID_MAX]; /* bkp_..., or before-N */
	char path[BACKUP_PATH_MAX];
	int64_t bytes, created_at_ms, schema;
	bool is_database; /* that alone */
	cJSON *manifest; /* owned; NULL of a database alone */
};
void backup_done(struct backup *);

/** backup_make - while the store is in use; what was made was read again before this returns. */
int backup_make(const char *state_dir, struct store *, const struct ed25519_key *,
    struct backup *out, struct error *);
typedef void backup_fn(const struct backup *, void *arg);
/** backup_list - the oldest first; fn borrows. What cannot be read is left out. */
int backup_list(const char *state_dir, backup_fn *fn, void *arg, struct error *);
/** backup_find - by its id, or the beginning of one. NOT_FOUND, CONFLICT if several begin so. */
int backup_find(const char *state_dir, const char *ref, struct backup *out, struct error *);
/** backup_at - of a file anywhere. */
int backup_at(const char *path, struct backup *out, struct error *);
/** backup_check - read all of it: signature, every file, every page of the database.  scratch: a
 *  directory that may be written to. INVALID with what is wrong. */
int backup_check(const struct backup *, const char *scratch, struct error *);
int backup_remove(const struct backup *, struct error *);
/** backup_clear - at start, while nobody else is at work there: remove what a backup that was killed
 *  while it was made, checked or staged has left. */
void backup_clear(const char *state_dir);

/**
 * backup_stage - unpack it and check it, for the next start to take.
 *
 * Nothing in use changes.  What was staged before is replaced.  Of root, all of it is the state
 * directory's owner's (file_give), and so is what backup_take puts aside.
 */
int backup_stage(const char *state_dir, const struct backup *, struct error *);
/** backup_unstage - forget what was staged. */
void backup_unstage(const char *state_dir);
/** backup_staged - when something was staged, 0 if nothing is. */
int64_t backup_staged(const char *state_dir);
/**
 * backup_take - at start, before the database is opened: put what was staged in place.
 *
 * What was there goes to <state>/replaced-<time>, whose path is put into kept ("": nothing was
 * staged).  Killed at any moment, the next call goes on.  A database that should be there and is not
 * is an error.
 */
int backup_take(const char *state_dir, char kept[BACKUP_PATH_MAX], struct error *);
/** backup_advice - what to do when the database is refused: the command that restores the newest. */
void backup_advice(const char *state_dir, char *out, size_t cap);
#endif
