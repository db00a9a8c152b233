/*
 * upstream.h - is there a model to ask, and which?
 *
 * Asks the provider's /models at start and again every 30 s (2 s while it cannot be
 * reached); in between the last answer holds.
 */
#ifndef BASELINE_AGENT_UPSTREAM_H
#define BASELINE_AGENT_UPSTREAM_H
#include <stdbool.h>

#include "runtime/loop/loop.h"
#include "runtime/openai/provider.h"
struct baseline_config;

struct baseline_upstream { /* embedded */
	struct loop *loop;
	const struct baseline_config *config; /* borrowed */
	struct provider provider; /* only when configured */
	struct provider_get *asking;
	struct timer again;
	bool configured;
	bool ready; /* a model answers there */
	char *model; /* owned: the name to send; NULL while not ready */
	char *vision; /* owned: the name for chats with pictures; NULL: none that sees */
	char *why; /* owned: why it is not ready, one sentence */
};
int baseline_upstream_init(
    struct baseline_upstream *, struct loop *, const struct baseline_config *, struct error *);
void baseline_upstream_done(struct baseline_upstream *);
/** baseline_first_model - the first id of a model list, the caller's; NULL if it has none. */
char *baseline_first_model(const char *json, size_t len);
#endif
