/*
 * core.h - what a backup consists of (internal to backup/).
 */
#ifndef JANUS_BACKUP_CORE_H
#define JANUS_BACKUP_CORE_H
#include "controlplane/backup/backup.h"
#include "runtime/bundle/signed.h"

#define BACKUP_ID "bkp_" /* begins that of one, and its file's name; ".bkp_", while it is made */
#define BACKUP_DATABASE "janus.db"
#define BACKUP_ARTIFACT_KEY "artifact.key" /* there since the first start */
#define BACKUP_SIGNING_KEY "signing.key"

extern const struct bundle_limits backup_limits;

/** backup_read - every file of it to fn, all checked. */
int backup_read(const struct backup *, signed_bytes_fn *fn, void *arg, struct error *);
/** backup_unpack - below dir, which is made; its database is looked through. */
int backup_unpack(const struct backup *, const char *dir, struct error *);
#endif
