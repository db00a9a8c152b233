/*
 * engine.h - pods in sandboxes of a Sandy service: docs/sandy.md says what that does and does not
 * enforce.
 */
#ifndef JANUS_ENGINE_SANDY_ENGINE_H
#define JANUS_ENGINE_SANDY_ENGINE_H
struct engine;

struct sandy_engine_config { /* copied */
	const char *base_url, *key, *upstream;
	const char *dir; /* where it notes which pod is in which sandbox; kept over restarts */
};
/**
 * sandy_engine_new - does not connect.
 *
 * Runs pods only: it has neither resolve, pull, image nor events, and stands second in a pair
 * (pair.h).  A pod there is reached by pod_state.url.
 */
struct engine *sandy_engine_new(const struct sandy_engine_config *);
#endif
