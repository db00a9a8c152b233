/*
 * suites.h - find suites by their names.
 */
#ifndef JANUS_BENCH_SUITES_H
#define JANUS_BENCH_SUITES_H
#include <stdbool.h>

#include "bench/record/sealed.h"
#include "bench/record/suite.h"
struct bench_call;
struct error;

#define SUITES_PRIVATE SEALED_NAME /* its own key, its own place: bench/record/sealed.h */

/* A suite that can be asked. */
struct suite_open {
	struct suite suite;
	char *dir; /* owned: what the evidence takes a copy of */
	char *seal_key; /* owned; NULL: it is public */
};
/** suites_dir - where suites are: --suites-dir, JANUS_BENCH_SUITES, beside the program (an installation or
 *  a build), ./bench/suites. The caller's. */
char *suites_dir(const struct bench_call *);
/**
 * suites_open - by name, or the directory itself (a path that begins with '.' or '/'), sealed or not.
 *
 * Its items' scorers and simulators are checked, too.  Returns -1 to go on, or an exit code after it
 * has complained: NO_PRIVATE where the sealed suite is asked for and is not configured.
 */
int suites_open(const struct bench_call *, const char *name, struct suite_open *out);
void suites_close(struct suite_open *);
/** suites_check_item - a suite_check_fn: can it be scored, and its tools answered? Pure. */
int suites_check_item(const struct item *, struct error *);
#endif
