/*
 * sandboxes.h - is there a sandbox service?
 *
 * Asks for its resources at start and again every 30 s (5 s while there is none); in between the last
 * answer holds.
 */
#ifndef BASELINE_AGENT_SANDBOXES_H
#define BASELINE_AGENT_SANDBOXES_H
#include <stdbool.h>

#include "runtime/loop/loop.h"
#include "runtime/openai/provider.h"
struct baseline_config;
struct error;

struct baseline_sandboxes { /* embedded */
	struct loop *loop;
	struct provider service; /* only when configured */
	struct provider_get *asking;
	struct timer again;
	bool configured;
	bool ready; /* one can be had */
	char *why; /* owned: why not, a sentence; NULL while ready */
};
int baseline_sandboxes_init(
    struct baseline_sandboxes *, struct loop *, const struct baseline_config *, struct error *);
void baseline_sandboxes_done(struct baseline_sandboxes *);
/** baseline_sandboxes_why - what an answer to GET /api/resources says against it; NULL: nothing.
 *  Pure; the caller's. */
char *baseline_sandboxes_why(int status, const char *body, size_t len);
#endif
