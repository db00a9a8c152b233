/*
 * scrub.h - text that is to leave the machine: without what opens something.
 *
 * Pure.  It knows secrets by their shape (keys of Janus and of well-known providers, JSON Web Tokens,
 * private keys in PEM), by what stands before them (Bearer, Basic, a header or a field of such a name,
 * a parameter of a signed URL) and by their place (user and password of a URL).  Each becomes
 * SCRUB_MARK; JSON stays JSON, and what was scrubbed once is not changed by doing it again.
 */
#ifndef JANUS_DIAGNOSE_SCRUB_H
#define JANUS_DIAGNOSE_SCRUB_H
#include <stddef.h>
struct buf;

#define SCRUB_MARK "[redacted]"

/** scrub - append the text; how many secrets were in it.  NULs are taken for blanks. */
size_t scrub(struct buf *out, const char *text, size_t len);
#endif
