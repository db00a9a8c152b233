/*
 * session.h - what all attempts of a run share.
 */
#ifndef JANUS_BENCH_SESSION_H
#define JANUS_BENCH_SESSION_H
#include <stdatomic.h>
#include <stdbool.h>

#include "bench/score/score.h"
#include "bench/target.h"

struct session { /* all borrowed; read only but for the atomics */
	const struct target *target;
	const struct scoring *scoring;
	const char *sandbox_url, *sandbox_key; /* where answers are run; NULL: nowhere */
	const struct target *judge; /* who is asked about answers; NULL: nobody */
	atomic_bool stop; /* what is under way ends now */
	atomic_bool worked; /* the target has answered once */
};
#endif
