/*
 * find.h - does a chat run now, on whichever gateway?
 */
#ifndef JANUS_GATEWAY_FIND_H
#define JANUS_GATEWAY_FIND_H
#include <stdbool.h>
struct gateway;
struct loop;

typedef void gateway_found_fn(bool runs, const char *instance, const char *id, void *arg);
/** gateway_find_chat - ask the gateway and all its peers; done is called once, on `back`. Any thread. */
void gateway_find_chat(const struct gateway *, const char *instance, const char *id,
    struct loop *back, gateway_found_fn *done, void *arg);
#endif
