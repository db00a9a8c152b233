/*
 * tls_certificate.h - what a server proves itself with, from files, replaceable while it serves.
 *
 * One for a process, shared by its loops.  Each handshake takes what is current then; connections
 * that are open stay as they are.
 */
#ifndef JANUS_NET_TLS_CERTIFICATE_H
#define JANUS_NET_TLS_CERTIFICATE_H
#include <stdbool.h>
#include <stdint.h>
struct error;
struct tls_certificate;

/**
 * tls_certificate_open - read a chain (PEM, the server's own first) and its key (PEM, not encrypted).
 *
 * Both are read and held against one another: INVALID in words for what is no certificate, is no
 * key, or does not belong together.  One that has expired, or is not valid yet, is taken: it is
 * told by the two dates.
 */
struct tls_certificate *tls_certificate_open(
    const char *chain_path, const char *key_path, struct error *);
/** tls_certificate_reload - read the files again; *changed: is it another one now?  With an error
 *  the old one stays.  Not from two threads at once. */
int tls_certificate_reload(struct tls_certificate *, bool *changed, struct error *);
/** tls_certificate_ends_ms - when the first of the chain's certificates expires, wall clock. */
int64_t tls_certificate_ends_ms(const struct tls_certificate *);
/** tls_certificate_begins_ms - from when on all of them are valid. */
int64_t tls_certificate_begins_ms(const struct tls_certificate *);
/** tls_certificate_name - of the server's own: "CN=example.com". Borrowed. */
const char *tls_certificate_name(const struct tls_certificate *);
/** tls_certificate_key_path - where its key is read. Borrowed. */
const char *tls_certificate_key_path(const struct tls_certificate *);
/** tls_certificate_free - after all servers that use it. */
void tls_certificate_free(struct tls_certificate *);
#endif
