/*
 * relay_tap.h - somebody who is shown the bytes of one relay as they pass.
 *
 * Embedded in whatever remembers them.  Called on the relay's loop, between its own work: it must
 * copy and return, never block.
 */
#ifndef JANUS_OPENAI_RELAY_TAP_H
#define JANUS_OPENAI_RELAY_TAP_H
#include <stddef.h>

enum relay_frame {
	RELAY_REQUEST, /* the client's body */
	RELAY_UPSTREAM, /* body bytes from upstream, as they were read */
	RELAY_CLIENT, /* an event or an answer of upstream's, on to the client */
	RELAY_PING, /* ours, in a silence */
	RELAY_OURS, /* anything else of ours to the client: errors, [DONE], what was unfolded */
};

struct relay_tap {
	/** bytes are borrowed for the call. */
	void (*frame)(struct relay_tap *, enum relay_frame, const char *bytes, size_t len);
	/** Once: the relay is gone, and with it the use of this tap. */
	void (*end)(struct relay_tap *);
};

/** relay_tap_show - to nobody, if there is no tap. */
static inline void
relay_tap_show(struct relay_tap *tap, enum relay_frame kind, const char *bytes, size_t len)
{
	if (tap != NULL)
		tap->frame(tap, kind, bytes, len);
}
#endif
