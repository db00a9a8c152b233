/*
 * attempts.h - every way out of a pod we know, each as something to try.
 *
 * janus-canary runs the table to prove that a pod holds; the hostile test
 * competitor runs the same table to report what it could do.  Each attempt
 * runs in a process of its own with a deadline, so one that succeeds, hangs
 * or is killed for trying changes nothing for the next.
 */
#ifndef JANUS_LINK_ATTEMPTS_H
#define JANUS_LINK_ATTEMPTS_H
#include <stdbool.h>
#include <stddef.h>

#define ATTEMPT_DEADLINE_MS 1000
#define ATTEMPT_TRIES \
	3 /* of what is silent: a machine may be too busy to let it be refused in time */

struct attempt {
	const char *check; /* what is printed */
	/*
	 * Returns -1 with errno when refused, 0 when it got through.  May say
	 * in words what it saw; otherwise the errno is printed.
	 */
	int (*go)(const struct attempt *, char *saw, size_t size);
	const char *where; /* an address, a path, a name */
	long number; /* a port, a flag, a system call */
};

struct finding {
	bool contained;
	char saw[200];
};

extern const struct attempt attempts[];
extern const size_t attempts_count;

/**
 * attempts_begin - remember which descriptors the process was born with.
 *
 * Call first in main: a later look would take the program's own for leaks.
 */
void attempts_begin(void);

/**
 * attempt_run - try one, in a child, for at most ATTEMPT_DEADLINE_MS.
 *
 * Out of time each time counts as not contained: something took the packet.
 */
void attempt_run(const struct attempt *, struct finding *);

/**
 * attempt_json - {"check":"...","contained":true,"saw":"..."}, no newline.
 *
 * Returns the length; out is always terminated.  512 bytes are enough for
 * any check of the table.
 */
size_t attempt_json(const struct attempt *, const struct finding *, char *out, size_t size);

/**
 * json_escape - text as the inside of a JSON string, cut to what fits.
 *
 * Bytes outside printable ASCII become '?'.  Returns the length.
 */
size_t json_escape(char *out, size_t size, const char *text);

#endif
