/*
 * create.h - what a caller asks for when it asks for a sandbox. Pure.
 */
#ifndef JANUS_SANDBOX_CREATE_H
#define JANUS_SANDBOX_CREATE_H
#include <stddef.h>
struct error;
struct sandbox_config;
struct wish;

/**
 * wish_parse - a body (empty: all defaults) to a wish; out is the caller's (wish_done).
 *
 * Keys that other services of this kind know and that change nothing here are taken and
 * ignored.  INVALID: *param names the key; TOO_BIG: it asks for what there is not here.
 */
int wish_parse(const char *body, size_t len, const struct sandbox_config *, struct wish *out,
    const char **param, struct error *);
#endif
