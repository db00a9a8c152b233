/*
 * resample.h - pseudo-random numbers from a seed that is stored: the same on every machine.
 *
 * Pure.  splitmix64; integers only.
 */
#ifndef JANUS_BENCH_RESAMPLE_H
#define JANUS_BENCH_RESAMPLE_H
#include <stdint.h>

/** resample - the next number below n (1 or more) of the stream that *state stands in; every one
 *  is as likely as another. */
uint64_t resample(uint64_t *state, uint64_t n);
#endif
