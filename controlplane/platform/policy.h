/*
 * policy.h - what a competitor may call, how often and how much: read from JSON.
 *
 * One "default" for all, and under "competitors" what is different for some, by name:
 *
 *	{"version":"1",
 *	 "default":{"models":["*"],"domains":["example.org","*.example.org:8443"],
 *	   "rates":{"web":60},"budget":{"requests":1000,"cost_usd":5},"request_budget":{"tokens":50000}},
 *	 "competitors":{"owl":{"budget":{"cost_usd":null}}}}
 *
 * Rates are calls a minute, 0: any.  Budgets are of a UTC day and of one chat; null: no limit.  A
 * number that a competitor does not have is the default's, and one that the default does not have
 * is that of the policy that is built in.
 */
#ifndef JANUS_PLATFORM_POLICY_H
#define JANUS_PLATFORM_POLICY_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controlplane/platform/quota.h"
#include "runtime/base/map.h"
struct error;

/* NAME, word: what a call is for, and what its rate is counted by */
#define SERVICES(X)               \
	X(INFERENCE, "inference") \
	X(WEB, "web")             \
	X(SEARCH, "search")       \
	X(VECTOR, "vector")       \
	X(SANDBOX, "sandbox")

enum service {
#define X(name, text) SERVICE_##name,
	SERVICES(X)
#undef X
	    SERVICE_COUNT
};
const char *service_word(enum service);

struct policy_rules {
	char **models, **domains; /* NULL-ended, owned by the policy; globs */
	int64_t rates[SERVICE_COUNT];
	struct quota_amounts day, request;
};
struct policy {
	char *version; /* owned */
	struct policy_rules rules; /* the default */
	struct map competitors; /* name to struct policy_rules, owned */
	char ***lists; /* all that was allotted, for policy_done */
	size_t nlists;
};

/** policy_parse - 0, or -1 with err naming what is wrong. */
int policy_parse(struct policy *, const char *text, size_t len, struct error *);
/** policy_load - from the file at path, or the one that is built in where path is NULL. */
int policy_load(struct policy *, const char *path, struct error *);
void policy_done(struct policy *);
/** policy_of - the rules for a competitor; borrowed. */
const struct policy_rules *policy_of(const struct policy *, const char *competitor);
/** policy_has_domains - may anybody reach any? */
bool policy_has_domains(const struct policy *);
/** policy_allows_model - is the name among the rules' models? */
bool policy_allows_model(const struct policy_rules *, const char *model);
/** policy_allows_host - may a port of a host (ASCII, lower case) be reached?  A domain without a port
 *  allows 80 and 443; "*.example.org" is every name below it and not itself. */
bool policy_allows_host(const struct policy_rules *, const char *host, int port);
#endif
