/*
 * forwarded.c - networks, and the chain of addresses that proxies write.
 */
#include "controlplane/gateway/forwarded.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/error.h"
#include "runtime/base/str.h"

#define NETWORKS_MAX 64
#define BLANKS " ,\t"
#define V4_BITS 96 /* of an address in the form of the other kind */

struct network {
	struct in6_addr address; /* v4 as ::ffff:a.b.c.d */
	int bits;
};

struct proxies {
	struct network networks[NETWORKS_MAX];
	size_t len;
};

/* A numeric address in one form for both kinds; bits: how many lead it that are not its own. */
static bool
read_address(const char *text, struct in6_addr *out, int *lead)
{
	struct in_addr v4;

	if (inet_pton(AF_INET, text, &v4) == 1) {
		memset(out, 0, sizeof(*out));
		out->s6_addr[10] = out->s6_addr[11] = 0xff;
		memcpy(&out->s6_addr[12], &v4, sizeof(v4));
		*lead = V4_BITS;
		return true;
	}
	*lead = 0;
	return inet_pton(AF_INET6, text, out) == 1;
}

static int
read_network(const char *text, size_t len, struct network *out, struct error *err)
{
	char word[64];
	int64_t bits = 0;
	int lead = 0;

	snprintf(word, sizeof(word), "%.*s", (int)len, text);
	char *slash = strchr(word, '/');
	if (slash != NULL)
		*slash++ = '\0';
	if (len >= sizeof(word) || !read_address(word, &out->address, &lead))
		return error_set(err, ERROR_INVALID,
		    "'%.60s' is no address or network, as 127.0.0.1 or 10.0.0.0/8", word);
	if (slash == NULL)
		bits = 128 - lead;
	else if (str_parse_int(slash, 0, 128 - lead, &bits, err) < 0)
		return error_add(err, "the network of %.60s", word);
	out->bits = (int)bits + lead;
	return 0;
}

struct proxies *
proxies_new(const char *text, struct error *err)
{
	struct proxies *p = mem_zalloc(sizeof(*p));
	size_t len;

	for (text += strspn(text, BLANKS); *text != '\0';
	     text += len, text += strspn(text, BLANKS)) {
		len = strcspn(text, BLANKS);
		if (p->len == NETWORKS_MAX) {
			error_set(err, ERROR_TOO_BIG, "more than %d networks", NETWORKS_MAX);
			proxies_free(p);
			return NULL;
		}
		if (read_network(text, len, &p->networks[p->len++], err) < 0) {
			proxies_free(p);
			return NULL;
		}
	}
	return p;
}

void
proxies_free(struct proxies *p)
{
	free(p);
}

static bool
is_within(const struct in6_addr *a, const struct network *n)
{
	const int bytes = n->bits / 8, rest = n->bits % 8;

	if (memcmp(a, &n->address, (size_t)bytes) != 0)
		return false;
	return rest == 0 || ((a->s6_addr[bytes] ^ n->address.s6_addr[bytes]) >> (8 - rest)) == 0;
}

bool
proxies_trust(const struct proxies *p, const char *address)
{
	struct in6_addr a;
	int lead;

	if (p == NULL || p->len == 0 || !read_address(address, &a, &lead))
		return false;
	for (size_t i = 0; i < p->len; i++)
		if (is_within(&a, &p->networks[i]))
			return true;
	return false;
}

/* "1.2.3.4", "1.2.3.4:5678", "2001:db8::1", "[2001:db8::1]:5678" */
static bool
read_hop(const char *text, size_t len, char out[INET6_ADDRSTRLEN])
{
	struct in6_addr a;
	int lead;

	if (len > 0 && text[0] == '[') {
		const char *end = memchr(text, ']', len);

		if (end == NULL)
			return false;
		len = (size_t)(end - ++text);
	} else {
		const char *colon = memchr(text, ':', len);

		/* One colon is before a port; more are an address. */
		if (colon != NULL &&
		    memchr(colon + 1, ':', len - (size_t)(colon + 1 - text)) == NULL)
			len = (size_t)(colon - text);
	}
	if (len == 0 || len >= INET6_ADDRSTRLEN)
		return false;
	memcpy(out, text, len);
	out[len] = '\0';
	return read_address(out, &a, &lead);
}

bool
forwarded_client(const struct proxies *p, const char *chain, char *out, size_t cap)
{
	const char *end = chain + strlen(chain);
	char hop[INET6_ADDRSTRLEN];
	bool found = false;

	for (;;) {
		const char *at, *from;

		while (end > chain && strchr(" \t", end[-1]) != NULL)
			end--;
		for (at = end; at > chain && at[-1] != ','; at--)
			;
		from = at + strspn(at, " \t");
		if (from > end || !read_hop(from, (size_t)(end - from), hop))
			return found;
		str_copy(out, cap, hop);
		found = true;
		if (at == chain || !proxies_trust(p, hop))
			return true;
		end = at - 1;
	}
}
