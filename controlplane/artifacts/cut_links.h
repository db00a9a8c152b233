/*
 * cut_links.h - links in the content of a stream, wherever its events cut them: a link that is known
 * becomes another, and no other byte changes.
 *
 * Pure.  An event that ends inside what may become a known link is held until that is certain; what
 * stands of a link in its second event and further is empty then.
 */
#ifndef JANUS_ARTIFACTS_CUT_LINKS_H
#define JANUS_ARTIFACTS_CUT_LINKS_H
#include <stddef.h>

#include "controlplane/artifacts/descriptor.h"
struct buf;
struct cut_event;
struct cut_link;

#define CUT_EVENTS_MAX 256 /* that are held at most; then they go on as they are */

struct cut_links { /* zero-initialised */
	struct cut_link *known; /* owned */
	size_t nknown;
	struct cut_event *held; /* owned, the oldest first */
	size_t nheld, cap;
	size_t from; /* in the data of the first of them: all before it is settled */
};

/** cut_links_know - from now on `from` becomes `to`. */
void cut_links_know(struct cut_links *, const char *from, const char *to);
/** cut_links_event - the next event, whose content is the string literal `text` of its data: what is
 *  certain by now is added to out, in order. */
void cut_links_event(struct cut_links *, const char *raw, size_t raw_len, const char *data,
    size_t data_len, struct spot text, struct buf *out);
/** cut_links_end - no more content comes, or something else goes first: all that is held. */
void cut_links_end(struct cut_links *, struct buf *out);
void cut_links_done(struct cut_links *);
#endif
