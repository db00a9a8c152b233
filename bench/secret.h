/*
 * secret.h - keys, which never stand on a command line.
 */
#ifndef JANUS_BENCH_SECRET_H
#define JANUS_BENCH_SECRET_H
struct error;

/**
 * secret_read - from file if there is one, else from the environment: NAME, or the file NAME_FILE.
 *
 * *out is the caller's, NULL where there is none; names is NULL-ended, the first that is set counts.
 * INVALID: both NAME and NAME_FILE are set, or a key is empty or has a line break in it.
 */
int secret_read(const char *file, const char *const *names, char **out, struct error *);
#endif
