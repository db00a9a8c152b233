/*
 * tls_internal.h - a certificate as libmicrohttpd's library, GnuTLS, wants it, and TLS connections of
 * the HTTP server.
 */
#ifndef JANUS_NET_TLS_INTERNAL_H
#define JANUS_NET_TLS_INTERNAL_H
#include <gnutls/abstract.h>
#include <sys/types.h>
struct client;
struct tls_certificate;

/* What a server speaks: nothing below 1.2, and of that only suites with forward secrecy. */
#define TLS_PRIORITIES                                                                       \
	"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-DHE-RSA:-AES-128-CBC:-AES-256-CBC" \
	":-AES-128-CCM:-AES-256-CCM:-SHA1"

/** tls_certificate_current - for one handshake: valid until the certificate is freed. */
void tls_certificate_current(
    const struct tls_certificate *, gnutls_pcert_st **chain, unsigned *len, gnutls_privkey_t *key);

/** client_send - as send(2) with MSG_NOSIGNAL | MSG_DONTWAIT, through TLS where there is any.  After
 *  EAGAIN the same bytes must come again first. */
ssize_t client_send(struct client *, const void *bytes, size_t len);
/** client_send_end - nothing more will be sent. */
void client_send_end(struct client *);
#endif
