/*
 * failure.h - what went wrong, as an exit code, a sentence and the next step.
 */
#ifndef JANUS_CTL_FAILURE_H
#define JANUS_CTL_FAILURE_H
#include <cjson/cJSON.h>
#include <stddef.h>

#include "controlplane/ctl/ctl.h"
#include "runtime/base/error.h"

struct ctl_failure {
	int exit_code;
	char code[64]; /* wire code, or ours: usage, unreachable, timed_out, interrupted */
	char text[600]; /* one sentence */
	char next[300]; /* what to do about it; "" if nothing is known */
	char *envelope; /* owned: the daemon's own words as JSON; NULL if it said none */
};

/** ctl_fail - fill f; returns -1. */
int ctl_fail(struct ctl_failure *, int exit_code, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/** ctl_fail_error - fill f from an error of ours; returns -1. */
int ctl_fail_error(struct ctl_failure *, const struct error *);
/** ctl_fail_reply - fill f from an HTTP answer that is not 2xx; returns -1. Pure. */
int ctl_fail_reply(struct ctl_failure *, int status, const char *body, size_t len);
/** ctl_fail_envelope - fill f from an error object that came inside a stream; returns -1. Pure. */
int ctl_fail_envelope(struct ctl_failure *, const cJSON *envelope);

/** ctl_exit_of_status - exit code of an HTTP status. */
int ctl_exit_of_status(int status);
/** ctl_exit_of_type - exit code of an error type of the envelope. */
int ctl_exit_of_type(const char *type);
/** ctl_exit_of_kind - exit code of an error of ours. */
int ctl_exit_of_kind(enum error_kind kind);

/** ctl_complain - print f to stderr, as an envelope beside JSON; frees it; returns its exit code. */
int ctl_complain(const struct ctl *, struct ctl_failure *);
/** ctl_misuse - complain about the command line; returns CTL_USAGE. */
int ctl_misuse(const struct ctl *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
#endif
