/*
 * splice.h - put other text at some places of a text, and leave every other byte as it is.
 *
 * Pure.
 */
#ifndef JANUS_ARTIFACTS_SPLICE_H
#define JANUS_ARTIFACTS_SPLICE_H
#include <stddef.h>

#include "controlplane/artifacts/descriptor.h"
struct buf;

#define LINK_GOES_ON "-_~%/?=&@+$" /* beside letters and digits: what no link ends before */

struct splice {
	struct spot spot; /* what goes */
	char *text; /* owned: what comes */
};
struct splices { /* zero-initialised */
	struct splice *at; /* owned */
	size_t len, cap;
};

/** splices_add - text is taken over. Spots do not overlap; they may come in any order. */
void splices_add(struct splices *, struct spot, char *text);
/** splices_links - in the string literals `texts` of json, where they hold the link `from` as a
 *  whole: `to` in its place. */
void splices_links(struct splices *, const char *json, const struct spot *texts, size_t ntexts,
    const char *from, const char *to);
/** splices_write - append the text with them done. */
void splices_write(struct splices *, const char *text, size_t len, struct buf *out);
/** splices_write_event - the spots are of an event's joined data, the bytes are the event's own. */
void splices_write_event(struct splices *, const char *raw, size_t raw_len, struct buf *out);
void splices_done(struct splices *);
#endif
