/*
 * origin.c - compare authorities.
 */
#include "controlplane/gateway/origin.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "runtime/base/str.h"

#define BLANKS " ,\t"

struct authority {
	char host[256]; /* without brackets and a last dot */
	int port; /* 0: none given */
};

static bool
take_authority(const char *text, struct authority *out)
{
	const char *end, *after;
	int64_t port = 0;

	if (*text == '[') {
		end = strchr(++text, ']');
		after = end != NULL ? end + 1 : NULL;
	} else {
		end = after = text + strcspn(text, ":");
	}
	if (end == NULL || end == text || (size_t)(end - text) >= sizeof(out->host))
		return false;
	if (*after == ':' && after[1] != '\0') {
		if (str_parse_int(after + 1, 1, 65535, &port, NULL) < 0)
			return false;
	} else if (*after != '\0') {
		return false;
	}
	const size_t len = (size_t)(end - text);
	memcpy(out->host, text, len);
	out->host[len] = '\0';
	if (len > 1 && out->host[len - 1] == '.')
		out->host[len - 1] = '\0';
	out->port = (int)port;
	/* No user, path, list or anything else that two readers could take differently. */
	for (const char *c = out->host; *c != '\0'; c++)
		if (!(isascii(*c) && isalnum(*c)) && *c != '-' && *c != '.' && *c != '_' &&
		    *c != ':')
			return false;
	return true;
}

static bool
is_loopback(const char *host)
{
	struct in_addr v4;
	struct in6_addr v6;
	const size_t len = strlen(host), suffix = strlen(".localhost");

	if (inet_pton(AF_INET, host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	if (inet_pton(AF_INET6, host, &v6) == 1)
		return IN6_IS_ADDR_LOOPBACK(&v6);
	return strcasecmp(host, "localhost") == 0 ||
	    (len > suffix && strcasecmp(host + len - suffix, ".localhost") == 0);
}

static bool
is_numeric(const char *host)
{
	struct in6_addr any;

	return inet_pton(AF_INET, host, &any) == 1 || inet_pton(AF_INET6, host, &any) == 1;
}

static bool
is_unspecified(const char *host)
{
	struct in6_addr v6;

	return strcmp(host, "0.0.0.0") == 0 ||
	    (inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_UNSPECIFIED(&v6));
}

/* The next of a list of names; its length, 0 at the end. */
static size_t
next_name(const char **at)
{
	*at += strspn(*at, BLANKS);
	return strcspn(*at, BLANKS);
}

static bool
is_listed(const char *list, const char *host)
{
	const size_t host_len = strlen(host);

	for (size_t len; (len = next_name(&list)) > 0; list += len)
		if ((len == 1 && *list == '*') ||
		    (len == host_len && strncasecmp(list, host, len) == 0))
			return true;
	return false;
}

bool
public_hosts_valid(const char *text)
{
	for (size_t len; (len = next_name(&text)) > 0; text += len) {
		struct authority a;
		char word[260];

		if (len >= sizeof(word))
			return false;
		memcpy(word, text, len);
		word[len] = '\0';
		if (strcmp(word, "*") == 0)
			continue;
		if (!take_authority(word, &a) || a.port != 0 || strlen(a.host) != len)
			return false;
	}
	return true;
}

bool
host_accepted(const char *host, const char *listen_host, const char *public_hosts)
{
	struct authority a;

	if (!take_authority(host, &a))
		return false;
	return is_loopback(a.host) ||
	    (listen_host != NULL &&
		(strcasecmp(a.host, listen_host) == 0 ||
		    (is_unspecified(listen_host) && is_numeric(a.host)))) ||
	    (public_hosts != NULL && is_listed(public_hosts, a.host));
}

bool
origin_accepted(const char *origin, const char *host)
{
	struct authority a, b;
	int usual = 0;

	if (strncasecmp(origin, "http://", 7) == 0)
		usual = 80;
	else if (strncasecmp(origin, "https://", 8) == 0)
		usual = 443;
	if (usual == 0 || host == NULL)
		return false;
	if (!take_authority(origin + (usual == 80 ? 7 : 8), &a) || !take_authority(host, &b))
		return false;
	return strcasecmp(a.host, b.host) == 0 &&
	    (a.port != 0 ? a.port : usual) == (b.port != 0 ? b.port : usual);
}
