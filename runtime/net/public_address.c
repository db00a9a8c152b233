/*
 * public_address.c - the tables of what is set aside (RFC 6890 and its successors).
 */
#include "runtime/net/public_address.h"

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "runtime/base/cleanup.h"

static bool
v4_is_public(uint32_t ip)
{
	static const struct {
		uint32_t net;
		int bits;
	} aside[] = {
		{ 0x00000000, 8 }, /* this network */
		{ 0x0a000000, 8 }, /* private */
		{ 0x64400000, 10 }, /* shared by carriers */
		{ 0x7f000000, 8 }, /* loopback */
		{ 0xa9fe0000, 16 }, /* link-local, and the metadata services of clouds */
		{ 0xac100000, 12 }, /* private */
		{ 0xc0000000, 24 }, /* protocol assignments */
		{ 0xc0000200, 24 }, /* documents */
		{ 0xc01fc400, 24 }, /* AS112 */
		{ 0xc034c100, 24 }, /* AMT */
		{ 0xc0586300, 24 }, /* 6to4 relays */
		{ 0xc0a80000, 16 }, /* private */
		{ 0xc0af3000, 24 }, /* AS112 */
		{ 0xc6120000, 15 }, /* benchmarks */
		{ 0xc6336400, 24 }, /* documents */
		{ 0xcb007100, 24 }, /* documents */
		{ 0xe0000000, 4 }, /* multicast */
		{ 0xf0000000, 4 }, /* reserved, broadcast */
		{ 0xa83f8110, 32 }, /* a cloud's own services, at an address that looks public */
	};

	for (size_t i = 0; i < ARRAY_LEN(aside); i++)
		if ((uint64_t)(ip ^ aside[i].net) >> (32 - aside[i].bits) == 0)
			return false;
	return true;
}

/* Of IPv6 only 2000::/3 is given out; what is set aside in it stands here. */
static bool
v6_is_public(const uint8_t ip[16])
{
	static const struct {
		uint8_t net[6];
		int bits;
	} aside[] = {
		{ { 0x20, 0x01, 0x00 }, 23 }, /* protocol assignments, Teredo, ORCHID, benchmarks */
		{ { 0x20, 0x01, 0x0d, 0xb8 }, 32 }, /* documents */
		{ { 0x20, 0x02 }, 16 }, /* 6to4 */
		{ { 0x26, 0x20, 0x00, 0x4f, 0x80, 0x00 }, 48 }, /* AS112 */
		{ { 0x3f, 0xff, 0x00 }, 20 }, /* documents */
	};

	if (ip[0] >> 5 != 1)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(aside); i++) {
		const size_t whole = (size_t)aside[i].bits / 8;
		const int rest = aside[i].bits % 8;

		if (memcmp(ip, aside[i].net, whole) == 0 &&
		    (rest == 0 || (ip[whole] ^ aside[i].net[whole]) >> (8 - rest) == 0))
			return false;
	}
	return true;
}

bool
address_is_public(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return v4_is_public(
		    ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr));
	if (address->sa_family == AF_INET6)
		return v6_is_public(
		    ((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr);
	return false;
}
