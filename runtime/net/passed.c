/*
 * passed.c - which of the sockets that were passed is for what.
 */
#include "runtime/net/passed.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"

#define FIRST_FD 3
#define NAMES "LISTEN_FDNAMES"

static const char *const names[PASSED_USES] = { "http", "ui", "control", "handover" };

union address {
	struct sockaddr_storage any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

const char *
passed_use_name(enum passed_use use)
{
	return names[use];
}

static bool
address_of(int fd, union address *out)
{
	socklen_t len = sizeof(*out);

	memset(out, 0, sizeof(*out));
	return getsockname(fd, (struct sockaddr *)out, &len) == 0;
}

/* -1: not an address with a port */
static int
port_of(const union address *a)
{
	switch (a->any.ss_family) {
	case AF_INET: return ntohs(a->v4.sin_port);
	case AF_INET6: return ntohs(a->v6.sin6_port);
	default: return -1;
	}
}

static enum passed_use
use_of(const union address *a, const char *name, int ui_port)
{
	for (enum passed_use use = 0; use < PASSED_USES; use++)
		if (str_eq(name, names[use]))
			return use;
	if (a->any.ss_family == AF_UNIX)
		return PASSED_CONTROL;
	return ui_port != 0 && port_of(a) == ui_port ? PASSED_UI : PASSED_HTTP;
}

int
passed_add(struct passed *p, int received, const char *name, int ui_port, struct error *err)
{
	_cleanup_close_ int fd = received;
	union address address;
	int listening = 0;
	socklen_t len = sizeof(listening);

	if (p->len == PASSED_MAX)
		return error_set(
		    err, ERROR_TOO_BIG, "more than %d sockets were passed", PASSED_MAX);
	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) < 0 || !listening ||
	    !address_of(fd, &address) ||
	    (address.any.ss_family != AF_UNIX && port_of(&address) < 0))
		return error_set(err, ERROR_INVALID,
		    "the descriptor %d that was passed is no listening stream socket", fd);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	p->at[p->len++] = (struct passed_socket){ TAKE_FD(fd), use_of(&address, name, ui_port) };
	return 0;
}

/* The i-th of names apart by colons; the caller's. */
static char *
name_at(const char *all, int i)
{
	while (all != NULL && i-- > 0) {
		all = strchr(all, ':');
		all += all != NULL;
	}
	return all != NULL ? str_ndup(all, strcspn(all, ":")) : NULL;
}

static int
take_all(struct passed *p, int64_t n, int ui_port, struct error *err)
{
	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *name = name_at(getenv(NAMES), i);

		if (passed_add(p, FIRST_FD + i, name, ui_port, err) < 0)
			return -1;
	}
	return 0;
}

int
passed_from_manager(struct passed *p, int ui_port, struct error *err)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	int64_t whose = 0, n = 0;
	int rc = 0;

	if (pid != NULL && count != NULL && str_parse_int(pid, 1, INT32_MAX, &whose, NULL) == 0 &&
	    whose == getpid()) {
		if (str_parse_int(count, 0, PASSED_MAX, &n, NULL) < 0)
			rc = error_set(err, ERROR_INVALID, "LISTEN_FDS is '%.20s'", count);
		else
			rc = take_all(p, n, ui_port, err);
	}
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv(NAMES);
	return rc;
}

size_t
passed_count(const struct passed *p, enum passed_use use)
{
	size_t n = 0;

	for (size_t i = 0; i < p->len; i++)
		n += p->at[i].use == use && p->at[i].fd >= 0;
	return n;
}

int
passed_spread(struct passed *p, enum passed_use use, size_t n, struct error *err)
{
	size_t have = passed_count(p, use);

	for (size_t k = 0; have > 0 && have < n; k++) {
		if (p->at[k].use != use || p->at[k].fd < 0)
			continue;
		const int fd = fcntl(p->at[k].fd, F_DUPFD_CLOEXEC, 0);
		if (fd < 0)
			return error_errno(err, "duplicate a listening socket");
		if (p->len == PASSED_MAX) {
			close(fd);
			return error_set(
			    err, ERROR_TOO_BIG, "more than %d listening sockets", PASSED_MAX);
		}
		p->at[p->len++] = (struct passed_socket){ fd, use };
		have++;
	}
	return 0;
}

int
passed_take(struct passed *p, enum passed_use use, size_t i, size_t n)
{
	size_t at = 0;

	for (size_t k = 0; k < p->len; k++)
		if (p->at[k].use == use && at++ % n == i && p->at[k].fd >= 0)
			return TAKE_FD(p->at[k].fd);
	return -1;
}

void
passed_drop(struct passed *p, enum passed_use use)
{
	for (size_t i = 0; i < p->len; i++)
		if (p->at[i].use == use && p->at[i].fd >= 0)
			close(TAKE_FD(p->at[i].fd));
}

bool
passed_is_at(int fd, const char *host, int port)
{
	union address a;
	struct in_addr v4;
	struct in6_addr v6;

	if (!address_of(fd, &a) || port_of(&a) != port)
		return false;
	if (a.any.ss_family == AF_INET)
		return inet_pton(AF_INET, host, &v4) == 1 &&
		    memcmp(&v4, &a.v4.sin_addr, sizeof(v4)) == 0;
	return inet_pton(AF_INET6, host, &v6) == 1 && memcmp(&v6, &a.v6.sin6_addr, sizeof(v6)) == 0;
}

/* Who can reach it? */
enum width { WIDTH_NONE, WIDTH_LOOPBACK, WIDTH_ONE, WIDTH_ANY };

/* An IPv4 address in IPv6's clothes is told as what it is. */
static enum width
width_of(const union address *a, char host[PASSED_HOST_MAX])
{
	const struct in6_addr *v6 = &a->v6.sin6_addr;
	struct in_addr v4 = a->v4.sin_addr;

	if (port_of(a) < 0)
		return WIDTH_NONE;
	if (a->any.ss_family == AF_INET6 && !IN6_IS_ADDR_V4MAPPED(v6)) {
		inet_ntop(AF_INET6, v6, host, PASSED_HOST_MAX);
		return IN6_IS_ADDR_UNSPECIFIED(v6) ? WIDTH_ANY
		    : IN6_IS_ADDR_LOOPBACK(v6)     ? WIDTH_LOOPBACK
						   : WIDTH_ONE;
	}
	if (a->any.ss_family == AF_INET6)
		memcpy(&v4, &v6->s6_addr[12], sizeof(v4));
	inet_ntop(AF_INET, &v4, host, PASSED_HOST_MAX);
	return v4.s_addr == htonl(INADDR_ANY) ? WIDTH_ANY
	    : ntohl(v4.s_addr) >> 24 == 127   ? WIDTH_LOOPBACK
					      : WIDTH_ONE;
}

bool
passed_widest(const struct passed *p, struct passed_address *out)
{
	enum width widest = WIDTH_NONE;

	for (enum passed_use use = 0; use < PASSED_USES; use++)
		for (size_t i = 0; i < p->len; i++) {
			struct passed_address at = { 0 };
			union address a;

			if (p->at[i].use != use || !address_of(p->at[i].fd, &a))
				continue;
			const enum width width = width_of(&a, at.host);
			if (width <= widest)
				continue;
			widest = width;
			at.port = port_of(&a);
			at.loopback = width == WIDTH_LOOPBACK;
			*out = at;
		}
	return widest != WIDTH_NONE;
}

void
passed_close(struct passed *p)
{
	for (size_t i = 0; i < p->len; i++)
		if (p->at[i].fd >= 0)
			close(TAKE_FD(p->at[i].fd));
	p->len = 0;
}
