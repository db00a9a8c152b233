/*
 * egress.c - resolve, and look at what came.
 */
#include "controlplane/platform/egress.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/net/public_address.h"

int
egress_allow_test(struct egress *e, const char *text, struct error *err)
{
	while (text != NULL && *text != '\0') {
		const size_t len = strcspn(text, ",");
		struct sockaddr_in at = { .sin_family = AF_INET };
		char one[40], *colon;
		int64_t port;

		snprintf(one, sizeof(one), "%.*s", (int)len, text);
		colon = strchr(one, ':');
		if (len >= sizeof(one) || colon == NULL || e->ntest == EGRESS_TEST_MAX)
			return error_set(err, ERROR_INVALID, "'%.60s' is no address:port", text);
		*colon = '\0';
		if (inet_pton(AF_INET, one, &at.sin_addr) != 1 ||
		    ntohl(at.sin_addr.s_addr) >> 24 != 127 ||
		    str_parse_int(colon + 1, 1, 65535, &port, err) < 0)
			return error_set(
			    err, ERROR_INVALID, "'%.60s' is no loopback address:port", text);
		at.sin_port = htons((uint16_t)port);
		e->test[e->ntest++] = at;
		text += len;
		text += *text == ',';
	}
	return 0;
}

bool
egress_may_connect(const struct egress *e, const struct sockaddr *address)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;

	for (size_t i = 0; address->sa_family == AF_INET && i < e->ntest; i++)
		if (e->test[i].sin_addr.s_addr == v4->sin_addr.s_addr &&
		    e->test[i].sin_port == v4->sin_port)
			return true;
	return address_is_public(address);
}

/* The system's resolver, or none where the host is a number. */
static int
system_resolve(const char *host, int port, struct egress_addresses *out, struct error *err)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	char service[8];

	snprintf(service, sizeof(service), "%d", port);
	const int rc = getaddrinfo(host, service, &hints, &list);
	if (rc != 0)
		return error_set(err, ERROR_UNAVAILABLE, "%s: %s", host, gai_strerror(rc));
	out->n = 0;
	for (const struct addrinfo *a = list; a != NULL; a = a->ai_next)
		if (out->n < EGRESS_ADDRESSES_MAX && a->ai_addrlen <= sizeof(out->at[0]))
			memcpy(&out->at[out->n++], a->ai_addr, a->ai_addrlen);
	freeaddrinfo(list);
	return 0;
}

int
egress_resolve(const struct egress *e, const char *host, int port, struct egress_addresses *out,
    struct error *err)
{
	struct egress_addresses found = { .n = 0 };
	char text[INET6_ADDRSTRLEN];

	if ((e->resolve != NULL ? e->resolve : system_resolve)(host, port, &found, err) < 0)
		return -1;
	if (found.n == 0)
		return error_set(err, ERROR_UNAVAILABLE, "%s has no address", host);
	for (size_t i = 0; i < found.n; i++)
		if (!egress_may_connect(e, &found.at[i].any))
			return error_set(err, ERROR_DENIED, "%s is at %s, which is not public",
			    host, egress_address_text(&found.at[i], text, sizeof(text)));
	*out = found;
	return 0;
}

const char *
egress_address_text(const union egress_address *a, char *out, size_t cap)
{
	const void *bytes = a->any.sa_family == AF_INET6 ? (const void *)&a->v6.sin6_addr
							 : (const void *)&a->v4.sin_addr;

	if (inet_ntop(a->any.sa_family, bytes, out, (socklen_t)cap) == NULL)
		snprintf(out, cap, "?");
	return out;
}
