/*
 * public_address.h - is an address one of the internet's, or of somebody's own house?
 *
 * Pure.  For whoever connects on behalf of somebody else: what is checked is the address that is
 * connected to, never a name.
 */
#ifndef JANUS_NET_PUBLIC_ADDRESS_H
#define JANUS_NET_PUBLIC_ADDRESS_H
#include <stdbool.h>
struct sockaddr;

/** address_is_public - may anybody be there?  False for every range that is set aside: private,
 *  loopback, link-local, shared, multicast, for documents, for benchmarks, reserved, and for IPv6
 *  that carries IPv4 (mapped, compatible, 6to4, Teredo, NAT64); and for other families. */
bool address_is_public(const struct sockaddr *);
#endif
