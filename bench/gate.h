/*
 * gate.h - "score>=60": what must hold of a run.
 *
 * Pure.
 */
#ifndef JANUS_BENCH_GATE_H
#define JANUS_BENCH_GATE_H
#include <cjson/cJSON.h>
#include <stdbool.h>
struct error;

struct gate {
	char name[24]; /* as the manifest calls it: composite, quality, ... */
	bool or_equal; /* >= or > */
	double limit;
};
/** gate_parse - NAME>=X or NAME>X; score is the composite, X is from 0 to 100. INVALID. */
int gate_parse(const char *text, struct gate *out, struct error *);
/** gate_holds - of that manifest?  *seen is the score, -1 where the run has none: then it does not. */
bool gate_holds(const struct gate *, const cJSON *manifest, double *seen);
#endif
