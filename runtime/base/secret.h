/*
 * secret.h - keys and the like: from files, the credential directory or the environment, never from a
 * command line.
 *
 * A secret has a name, as SANDY_API_KEY.  What counts, first to last: the file of that name in lower
 * case in $CREDENTIALS_DIRECTORY, the file that SANDY_API_KEY_FILE names, and SANDY_API_KEY itself.  The
 * last two together are an error.
 */
#ifndef JANUS_BASE_SECRET_H
#define JANUS_BASE_SECRET_H
#include <stdbool.h>
struct error;

typedef const char *secret_env_fn(const char *name); /* getenv, or a test's */

struct secret {
	char *text; /* owned: one line; NULL: there is none */
	char *file; /* owned: where it was read; NULL: in the environment, or nowhere */
	const char *name; /* of which it is, borrowed; NULL: none */
};

/** secret_find - the first of the names (NULL-ended) that is set anywhere; none is no error.
 *  INVALID: value and file are both set, or it is empty or has a line break in it. */
int secret_find(const char *const *names, secret_env_fn *env, struct secret *out, struct error *);
/** secret_forget - overwrite and free. */
void secret_forget(struct secret *);
/** secret_read - the one line of a file if it is not NULL, else as secret_find from this process's
 *  environment.  *out is the caller's, NULL where there is none. */
int secret_read(const char *file, const char *const *names, char **out, struct error *);
/** secret_credential - the path of NAME's file in $CREDENTIALS_DIRECTORY, the caller's; NULL: it
 *  is not there. */
char *secret_credential(const char *name, secret_env_fn *env);
/** secret_is_loose - may others than its owner and group read this file? */
bool secret_is_loose(const char *path);
#endif
