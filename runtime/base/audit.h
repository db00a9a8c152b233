/*
 * audit.h - the chain over what was decided: each entry seals itself and all before it.
 *
 * One definition for who writes the chain and who checks it. Pure.
 */
#ifndef JANUS_BASE_AUDIT_H
#define JANUS_BASE_AUDIT_H

#define AUDIT_HASH_MAX 72 /* "sha256:" and 64 hex, NUL */

struct audit_entry { /* texts as the API shows them; NULL is "" */
	const char *prev; /* the hash of the entry before; "" for the first */
	const char *id, *at, *actor, *action, *object_id, *request_id, *reason, *before, *after;
};
/** audit_hash - SHA-256 over the compact JSON array of these ten strings, in that order. */
const char *audit_hash(const struct audit_entry *, char out[AUDIT_HASH_MAX]);
#endif
