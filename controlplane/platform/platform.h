/*
 * platform.h - what the broker's parts share.
 */
#ifndef JANUS_PLATFORM_PLATFORM_H
#define JANUS_PLATFORM_PLATFORM_H
#include <stdbool.h>

#include "runtime/base/map.h"
#include "runtime/openai/provider.h"
struct loop;

struct platform {
	struct loop *loop;
	bool has_provider;
	struct provider provider;
	const char *model; /* listed first; NULL: none preferred; borrowed */
	struct map callers; /* instance to struct caller, owned */
};
#endif
