/*
 * arena_body.h - a chat request for a battle, as the bytes of a stream from the default model; and who
 * fights.
 *
 * Pure.
 */
#ifndef JANUS_GATEWAY_ARENA_BODY_H
#define JANUS_GATEWAY_ARENA_BODY_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
struct buf;
struct chat_fault;

/**
 * arena_body - append the body with "model" and "stream": true where they are missing.
 *
 * stream: does the client want one?  Returns 0, or -1 with fault for what a battle cannot have: a
 * competitor that was chosen, or several answers of each.  What else may be wrong with the body is
 * for dialect_request_scan to find.
 */
int arena_body(
    struct buf *out, const char *body, size_t len, bool *stream, struct chat_fault *fault);

/** arena_draw - two different ones of n >= 2, by lot, which is a and which is b too: who was in fewer
 *  battles is drawn more often.  random: any two numbers. */
void arena_draw(const uint64_t *battles, size_t n, const uint64_t random[2], size_t out[2]);
#endif
