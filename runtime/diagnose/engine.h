/*
 * engine.h - does the container engine answer, and can it do all?
 */
#ifndef JANUS_DIAGNOSE_ENGINE_H
#define JANUS_DIAGNOSE_ENGINE_H
struct engine_info;
struct findings;

/** engine_judge - by what it said of itself, or why it did not: NULL if it did. Pure. */
void engine_judge(const struct engine_info *, const char *why_not, struct findings *);
#endif
