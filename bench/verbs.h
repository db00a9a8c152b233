/*
 * verbs.h - the one table of verbs.
 */
#ifndef JANUS_BENCH_VERBS_H
#define JANUS_BENCH_VERBS_H
#include "bench/cli.h"

#define BENCH_BIT(name) (UINT64_C(1) << BENCH_AT_##name)
enum bench_at {
#define X(name, ...) BENCH_AT_##name,
	BENCH_OPTIONS(X)
#undef X
	    BENCH_OPTION_COUNT
};
#define BENCH_GLOBAL                                                                    \
	(BENCH_BIT(HELP) | BENCH_BIT(VERSION) | BENCH_BIT(VERBOSE) | BENCH_BIT(QUIET) | \
	    BENCH_BIT(NO_PROGRESS) | BENCH_BIT(FORMAT) | BENCH_BIT(SUITES))

extern const struct bench_verb bench_verbs[];
extern const size_t bench_verbs_len;
#endif
