/*
 * forwarded.h - who a request comes from when a reverse proxy brings it.
 *
 * Pure.  What a proxy says is believed only of those that are named in the settings; from anybody else
 * x-forwarded-for is a header like any other.
 */
#ifndef JANUS_GATEWAY_FORWARDED_H
#define JANUS_GATEWAY_FORWARDED_H
#include <stdbool.h>
#include <stddef.h>
struct error;
struct proxies;

/** proxies_new - "127.0.0.1 10.0.0.0/8 fd00::/8", apart by blanks or commas; "" names none. */
struct proxies *proxies_new(const char *text, struct error *);
void proxies_free(struct proxies *);
/** proxies_trust - is this numeric address one of them? NULL trusts nobody. */
bool proxies_trust(const struct proxies *, const char *address);
/**
 * forwarded_client - the address that asked, as the last proxy that is not trusted names it.
 *
 * chain is x-forwarded-for: each proxy added whom it saw at its end, so it is read from there, past
 * those that are trusted.  False, and out as it was, where the end of the chain is no address.
 */
bool forwarded_client(const struct proxies *, const char *chain, char *out, size_t cap);
#endif
