/*
 * error.h - an error is a value with words.
 *
 * A struct error lives on the stack of whoever will answer for the failure and goes down as the
 * last argument.  Nothing in it is owned, so it is copied and dropped freely.
 */
#ifndef JANUS_BASE_ERROR_H
#define JANUS_BASE_ERROR_H
#include <stdarg.h>
#include <stdbool.h>

/* What a caller can do about it, not where it came from. */
#define ERROR_KINDS(X)                                                     \
	X(NONE, "none") /* no error */                                     \
	X(INVALID, "invalid") /* the input is wrong: change it */          \
	X(NOT_FOUND, "not_found") /* there is no such thing */             \
	X(CONFLICT, "conflict") /* not in this state: look, then decide */ \
	X(DENIED, "denied") /* not allowed */                              \
	X(TOO_BIG, "too_big") /* over a limit */                           \
	X(BUSY, "busy") /* later, perhaps */                               \
	X(TIMEOUT, "timeout") /* a deadline passed; it may still happen */ \
	X(UPSTREAM, "upstream") /* a peer answered wrongly */              \
	X(UNAVAILABLE, "unavailable") /* a peer cannot be reached */       \
	X(CANCELLED, "cancelled") /* we were asked to stop */              \
	X(IO, "io") /* the system refused: disk, memory, descriptors */    \
	X(INTERNAL, "internal") /* our own bug or surprise */

enum error_kind {
#define X(name, text) ERROR_##name,
	ERROR_KINDS(X)
#undef X
};

struct error {
	enum error_kind kind;
	char text[240]; /* one sentence, cut at the end of the buffer */
	int retry_after_s; /* of BUSY: how long was asked to wait; 0: not said */
};

/** error_set - fill err (may be NULL) and return -1; it asks for no wait then. */
int error_set(struct error *err, enum error_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/** error_errno - as error_set with ": " and the text of errno; kind from errno. Returns -1. */
int error_errno(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** errno_is_shortage - is it ours: descriptors, memory or ports that this process cannot have?  What a peer
 *  could not be asked for that reason says nothing of the peer. */
bool errno_is_shortage(int e);

/** error_add - put "prefix: " before the text that is there; returns -1. */
int error_add(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#ifdef __clang_analyzer__ /* it does not see across files that these return -1 */
#define error_set(...) (error_set(__VA_ARGS__), -1)
#define error_errno(...) (error_errno(__VA_ARGS__), -1)
#define error_add(...) (error_add(__VA_ARGS__), -1)
#endif

/** error_kind_name - the lower-case word of a kind. */
const char *error_kind_name(enum error_kind kind);
#endif
