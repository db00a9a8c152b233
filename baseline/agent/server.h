/*
 * server.h - the baseline's routes.
 */
#ifndef BASELINE_AGENT_SERVER_H
#define BASELINE_AGENT_SERVER_H
#include <stdbool.h>
struct baseline_config;
struct baseline_server;
struct error;
struct loop;

/** baseline_server_new - listen and serve; config is borrowed. NULL with err on failure. */
struct baseline_server *baseline_server_new(
    struct loop *, const struct baseline_config *, struct error *);
/** baseline_server_drain - stop accepting. */
void baseline_server_drain(struct baseline_server *);
/** baseline_server_busy - is any answer still under way? */
bool baseline_server_busy(const struct baseline_server *);
/** baseline_server_free - cuts what is still under way. */
void baseline_server_free(struct baseline_server *);
#endif
