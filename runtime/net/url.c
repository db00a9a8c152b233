/*
 * url.c - the strict reading of URLs.
 */
#include "runtime/net/url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"

#define UNRESERVED "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

/* "[::1]" at text: how many bytes it takes, 0 if it is none. */
static size_t
parse_ipv6(const char *text, struct url *out)
{
	const char *end = strchr(text, ']');
	struct in6_addr address;

	if (end == NULL || (size_t)(end - text - 1) >= INET6_ADDRSTRLEN)
		return 0;
	memcpy(out->host, text + 1, (size_t)(end - text - 1));
	out->host[end - text - 1] = '\0';
	if (inet_pton(AF_INET6, out->host, &address) != 1)
		return 0;
	for (char *c = out->host; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	return (size_t)(end - text + 1);
}

/* Names like 010.1 or 0x7f000001 are addresses to some resolvers: only plain IPv4 may look so. */
static bool
is_odd_number(const char *host)
{
	const char *last = strrchr(host, '.');
	struct in_addr address;

	last = last == NULL ? host : last + 1;
	if (!isdigit((unsigned char)*last))
		return false;
	return inet_pton(AF_INET, host, &address) != 1;
}

static size_t
parse_name(const char *text, struct url *out)
{
	const size_t len = strspn(text,
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789-._");

	if (len == 0 || len > 253)
		return 0;
	for (size_t i = 0, label = 0; i <= len; i++) {
		if (i < len && text[i] != '.') {
			out->host[i] = (char)tolower((unsigned char)text[i]);
			label++;
			continue;
		}
		if (label == 0 || label > 63)
			return 0;
		label = 0;
		out->host[i] = i < len ? '.' : '\0';
	}
	return is_odd_number(out->host) ? 0 : len;
}

/* ":8080" or nothing; returns what follows, NULL if it is not a port. */
static const char *
parse_port(const char *text, struct url *out)
{
	int port = 0;
	const char *c = text + 1;

	if (*text != ':')
		return text;
	for (; isdigit((unsigned char)*c); c++) {
		port = port * 10 + (*c - '0');
		if (port > 65535)
			return NULL;
	}
	if (c == text + 1 || text[1] == '0')
		return NULL;
	out->port = port;
	return c;
}

static int
parse_path(const char *text, struct url *out, struct error *err)
{
	size_t len = strlen(text);

	for (const char *c = text; *c != '\0'; c++) {
		if (*c == '?')
			return error_set(err, ERROR_INVALID, "URL must not have a query");
		if (*c == '#')
			return error_set(err, ERROR_INVALID, "URL must not have a fragment");
		if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f || *c == '\\' ||
		    strchr("\"<>^`{|}", *c) != NULL)
			return error_set(err, ERROR_INVALID,
			    "URL has a byte that must be percent-encoded in its path");
		if (*c == '%' && (!isxdigit((unsigned char)c[1]) || !isxdigit((unsigned char)c[2])))
			return error_set(err, ERROR_INVALID, "URL has a bad percent-escape");
	}
	while (len > 1 && text[len - 1] == '/')
		len--;
	if (len >= sizeof(out->path))
		return error_set(
		    err, ERROR_TOO_BIG, "URL path is longer than %zu bytes", sizeof(out->path) - 1);
	if (len == 0) {
		strcpy(out->path, "/");
		return 0;
	}
	memcpy(out->path, text, len);
	out->path[len] = '\0';
	return 0;
}

int
url_parse(const char *text, struct url *out, struct error *err)
{
	struct url url = { .port = 80 };

	if (strncasecmp(text, "http://", 7) == 0) {
		text += 7;
	} else if (strncasecmp(text, "https://", 8) == 0) {
		text += 8;
		url.tls = true;
		url.port = 443;
	} else {
		return error_set(err, ERROR_INVALID, "URL must begin with http:// or https://");
	}

	const size_t authority = strcspn(text, "/?#");
	if (memchr(text, '@', authority) != NULL)
		return error_set(err, ERROR_INVALID, "URL must not have a user or password");
	const size_t host = text[0] == '[' ? parse_ipv6(text, &url) : parse_name(text, &url);
	if (host == 0)
		return error_set(err, ERROR_INVALID, "URL has no valid host");
	text = parse_port(text + host, &url);
	if (text == NULL)
		return error_set(err, ERROR_INVALID, "URL has no valid port (1 to 65535)");
	if (*text != '\0' && strchr("/?#", *text) == NULL)
		return error_set(err, ERROR_INVALID, "URL has no valid host");
	if (parse_path(text, &url, err) < 0)
		return -1;
	*out = url;
	return 0;
}

void
url_encode(struct buf *out, const char *text)
{
	static const char hex[] = "0123456789ABCDEF";

	while (*text != '\0') {
		const size_t plain = strspn(text, UNRESERVED);

		buf_add(out, text, plain);
		text += plain;
		if (*text != '\0') {
			const unsigned char c = (unsigned char)*text++;

			buf_add(out, (char[]){ '%', hex[c >> 4], hex[c & 15] }, 3);
		}
	}
}

int
url_decode(const char *text, size_t len, char **out)
{
	_cleanup_free_ char *decoded = mem_zalloc(len + 1);
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		int value = (unsigned char)text[i];

		if (value == '%') {
			const int high = len - i > 2 ? str_hex_digit(text[i + 1]) : -1;
			const int low = high < 0 ? -1 : str_hex_digit(text[i + 2]);

			if (low < 0)
				return -1;
			value = high * 16 + low;
			i += 2;
		}
		if (value == '\0')
			return -1;
		decoded[n++] = (char)value;
	}
	*out = TAKE(decoded);
	return 0;
}

/* Addresses at which no one serves: first byte(s) and how many bits of them count. */
static bool
is_nobodys_v4(uint32_t ip)
{
	static const struct {
		uint32_t net;
		int bits;
	} nets[] = {
		{ 0x00000000, 8 }, /* this network */
		{ 0xa9fe0000, 16 }, /* link-local, and the metadata services of clouds */
		{ 0xe0000000, 4 }, /* multicast */
		{ 0xf0000000, 4 }, /* reserved, broadcast */
	};

	for (size_t i = 0; i < ARRAY_LEN(nets); i++)
		if ((ip ^ nets[i].net) >> (32 - nets[i].bits) == 0)
			return true;
	return false;
}

static bool
is_nobodys_v6(const struct in6_addr *ip)
{
	if (IN6_IS_ADDR_V4MAPPED(ip))
		return is_nobodys_v4(ntohl(ip->s6_addr32[3]));
	return IN6_IS_ADDR_UNSPECIFIED(ip) || IN6_IS_ADDR_LINKLOCAL(ip) ||
	    IN6_IS_ADDR_MULTICAST(ip);
}

int
url_endpoint_check(const struct url *u, struct error *err)
{
	struct in_addr v4;
	struct in6_addr v6;

	if ((inet_pton(AF_INET, u->host, &v4) == 1 && is_nobodys_v4(ntohl(v4.s_addr))) ||
	    (inet_pton(AF_INET6, u->host, &v6) == 1 && is_nobodys_v6(&v6)))
		return error_set(
		    err, ERROR_INVALID, "%s is not an address where an endpoint can be", u->host);
	return 0;
}
