/*
 * pair.h - two engines as one: the first for images, events and most pods, the second for the pods
 * whose spec says so (pod_spec.second).
 *
 * Trouble of the second alone is told as UPSTREAM where it would be UNAVAILABLE or TIMEOUT: who
 * hears those takes the first for lost.
 */
#ifndef JANUS_ENGINE_PAIR_H
#define JANUS_ENGINE_PAIR_H
struct engine;

/** engine_pair_new - owns both. */
struct engine *engine_pair_new(struct engine *first, struct engine *second);
#endif
