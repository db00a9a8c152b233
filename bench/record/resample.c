/*
 * resample.c - splitmix64, and a fair number below n.
 */
#include "bench/record/resample.h"

static uint64_t
next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15U;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
	return z ^ (z >> 31);
}

uint64_t
resample(uint64_t *state, uint64_t n)
{
	const uint64_t odd = (UINT64_MAX % n + 1) % n; /* values at the top that would be unfair */
	uint64_t got;

	do
		got = next(state);
	while (got > UINT64_MAX - odd);
	return got % n;
}
