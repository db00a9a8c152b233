/*
 * platform.h - what the broker's parts share.
 */
#ifndef JANUS_PLATFORM_PLATFORM_H
#define JANUS_PLATFORM_PLATFORM_H
#include <stdbool.h>

#include "controlplane/platform/account.h"
#include "controlplane/platform/policy.h"
#include "controlplane/platform/prices.h"
#include "controlplane/platform/report.h"
#include "runtime/base/map.h"
#include "runtime/openai/provider.h"
struct control;
struct loop;
struct sandboxes;
struct search;
struct vector_service;
struct web;
struct workers;

struct platform {
	struct loop *loop;
	struct workers *workers;
	struct control *control; /* towards janusd; NULL: nobody to ask or tell */
	bool has_provider; /* else the offline responder answers */
	struct provider provider;
	const char *model; /* listed first; NULL: none preferred; borrowed */
	struct search *search;
	struct vector_service *vectors;
	struct web *web;
	struct sandboxes *sandboxes;
	struct policy policy;
	struct prices prices;
	struct accounts accounts;
	struct reports reports;
	struct map callers; /* instance to struct caller, owned */
};
#endif
