/*
 * http_listen.c - listening sockets for the server.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/net/http_server.h"
#include "runtime/net/unix_socket.h"

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* Returns the length of the address, 0 if host is not a numeric one. */
static socklen_t
parse_address(const char *host, int port, union address *out)
{
	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, host, &out->v4.sin_addr) == 1) {
		out->v4.sin_family = AF_INET;
		out->v4.sin_port = htons((uint16_t)port);
		return sizeof(out->v4);
	}
	if (inet_pton(AF_INET6, host, &out->v6.sin6_addr) == 1) {
		out->v6.sin6_family = AF_INET6;
		out->v6.sin6_port = htons((uint16_t)port);
		return sizeof(out->v6);
	}
	return 0;
}

int
http_listen_tcp(const char *host, int port, bool reuse_port, struct error *err)
{
	const int on = 1;
	union address address;
	_cleanup_close_ int sock = -1;
	const socklen_t len = parse_address(host, port, &address);

	if (len == 0 || port < 0 || port > 65535)
		return error_set(
		    err, ERROR_INVALID, "cannot listen on %s port %d: not an address", host, port);
	sock = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sock < 0)
		return error_errno(err, "socket");
	/* Accepted sockets inherit TCP_NODELAY, which saves a call for each. */
	if (setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    setsockopt(sock, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0 ||
	    (reuse_port && setsockopt(sock, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) < 0) ||
	    (address.any.sa_family == AF_INET6 &&
		setsockopt(sock, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0))
		return error_errno(err, "socket option");
	if (bind(sock, &address.any, len) < 0 || listen(sock, SOMAXCONN) < 0)
		return error_errno(err, "listen on %s port %d", host, port);
	return TAKE_FD(sock);
}

int
http_listen_unix(const char *path, unsigned mode, struct error *err)
{
	return unix_listen(path, mode, SOCK_STREAM, err);
}
