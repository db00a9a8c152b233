/*
 * egress.h - where the broker connects to for somebody else: names to addresses that may be.
 *
 * A name is resolved once, every address of it is looked at, and only these are connected to.
 */
#ifndef JANUS_PLATFORM_EGRESS_H
#define JANUS_PLATFORM_EGRESS_H
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
struct buf;
struct error;

#define EGRESS_ADDRESSES_MAX 8
#define EGRESS_TEST_MAX 16

union egress_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};
struct egress_addresses {
	union egress_address at[EGRESS_ADDRESSES_MAX];
	size_t n;
};
/** Fill in the addresses of a host, or -1 with err; blocks. */
typedef int egress_resolve_fn(
    const char *host, int port, struct egress_addresses *, struct error *);

struct egress { /* the same for the whole life: workers read it */
	egress_resolve_fn *resolve; /* NULL: the system's */
	struct sockaddr_in test[EGRESS_TEST_MAX]; /* loopback that may be connected to */
	size_t ntest;
};

/** egress_allow_test - "127.0.0.1:8080,127.0.0.2:9000": let these be connected to, for tests. */
int egress_allow_test(struct egress *, const char *text, struct error *);
/** egress_may_connect - is the address public (or one of the test's)? */
bool egress_may_connect(const struct egress *, const struct sockaddr *);
/** egress_resolve - the addresses of a host, if all of them may be connected to: else DENIED.
 *  UNAVAILABLE: there is no such name.  Blocks: for workers. */
int egress_resolve(
    const struct egress *, const char *host, int port, struct egress_addresses *, struct error *);
/** egress_address_text - numeric, without a port. */
const char *egress_address_text(const union egress_address *, char *out, size_t cap);
#endif
