/*
 * exec.h - a command as it is asked of a sandbox's agent.
 */
#ifndef JANUS_SANDBOX_EXEC_H
#define JANUS_SANDBOX_EXEC_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
struct buf;
struct cJSON;
struct inside_end;
struct sandbox;
struct error;

#define ARGUMENT_MAX_BYTES (128 * 1024 - 1) /* what Linux takes of one argument */
#define EXIT_TIMED_OUT 124 /* as timeout(1) */
#define EXEC_GRACE_MS 10000 /* so long after its timeout a command's answer is waited for */

struct exec_request {
	const char *const *argv; /* NULL-ended, borrowed */
	const char *cwd; /* plain */
	int64_t timeout_ms;
	const char *input; /* standard input; NULL: none */
	size_t input_len;
	char **env; /* "NAME=value", borrowed */
	size_t nenv;
};
/** exec_write - the frames that ask for it.  TOO_BIG: more than the agent or the system takes. */
int exec_write(struct buf *out, const struct sandbox *, const struct exec_request *,
    uint64_t output_max, struct error *);
/* What a command's caller is told. */
struct exec_answer {
	const struct buf *text; /* two: standard output, standard error */
	uint64_t total[2]; /* bytes of each that were written, kept or not */
	bool base64, timed_out;
	int exit_code, signal;
	int64_t begun_ms;
};
/** exec_answer_add - as JSON. */
void exec_answer_add(struct buf *out, const struct exec_answer *);
/** exec_exit_code - how a command ended as one number: as a shell tells it, 124 if its time was over. */
int exec_exit_code(const struct inside_end *);
/** env_take - "NAME=value" texts from an object of strings (NULL: none), the caller's (env_free).
 *  INVALID names what is wrong. */
int env_take(const struct cJSON *object, char ***out, size_t *n, struct error *);
void env_free(char **env, size_t n);
#endif
