/*
 * http_tls.c - what we send ourselves on a connection of the HTTP server, plain or in its TLS session.
 *
 * libmicrohttpd shakes hands, reads and writes heads; while a connection is suspended nobody but us
 * uses its session, as nobody but us uses its socket.
 */
#include <errno.h>
#include <sys/socket.h>

#include "runtime/net/http_server_internal.h"
#include "runtime/net/tls_internal.h"

static gnutls_session_t
session_of(const struct client *c)
{
	const union MHD_ConnectionInfo *info = c->server->tls != NULL && c->mhd != NULL
	    ? MHD_get_connection_info(c->mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION)
	    : NULL;

	return info != NULL ? info->tls_session : NULL;
}

/* A record that the socket did not take whole stays with GnuTLS: it is sent on by the next call,
 * which takes those bytes as its own. */
static ssize_t
send_record(gnutls_session_t session, const void *bytes, size_t len)
{
	const ssize_t n = gnutls_record_send(session, bytes, len);

	if (n >= 0)
		return n;
	errno = n == GNUTLS_E_AGAIN ? EAGAIN : n == GNUTLS_E_INTERRUPTED ? EINTR : EPIPE;
	return -1;
}

ssize_t
client_send(struct client *c, const void *bytes, size_t len)
{
	gnutls_session_t const session = session_of(c);

	if (session != NULL)
		return send_record(session, bytes, len);
	if (c->server->tls != NULL) {
		errno = EPIPE; /* not in the clear */
		return -1;
	}
	return send(c->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void
client_send_end(struct client *c)
{
	gnutls_session_t const session = session_of(c);

	if (session != NULL)
		gnutls_bye(session, GNUTLS_SHUT_WR);
	shutdown(c->fd, SHUT_WR);
}
