/*
 * redact.h - make what passed fit to be kept: bytes are replaced, lengths stay.
 *
 * Pure.  One redactor per direction, fed with the bytes in order, cut anywhere.  It reads event
 * streams and JSON, and needs neither to be well-formed: what it does not know is masked.
 *
 * Without `content` only the skeleton stays: brackets, known keys, roles, finish reasons, types and
 * counts.  With it texts stay too, but never the value of a key that names a secret, what follows
 * the '?' of a URL (signed ones carry their signature there), nor what looks like a key.
 */
#ifndef JANUS_CAPTURE_REDACT_H
#define JANUS_CAPTURE_REDACT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REDACT_MASK '*'
#define REDACT_WORD_MAX 32

/* What may stay of a value. */
enum redact_class {
	REDACT_HIDE, /* nothing */
	REDACT_WORD, /* a word of the protocol */
	REDACT_NUMBER, /* digits */
	REDACT_SECRET, /* nothing, even with content */
};

struct redact { /* embedded; zero-initialised but for content */
	bool content;
	/* private */
	int mode, line; /* what the bytes are; what this line of an event stream is */
	char field[8]; /* name of the line's field so far */
	size_t field_len;
	uint64_t objects; /* a bit for each open bracket: is it an object? */
	unsigned depth;
	bool in_string, escaped, is_key, wants_key;
	enum redact_class class;
	char word[REDACT_WORD_MAX]; /* the word that is being read */
	size_t word_len;
	bool known; /* it may still become a known one */
	char tail[8]; /* the last bytes, for prefixes of secrets */
	int secret; /* inside a URL, its query, a key */
};

/** redact - the next bytes, in place. */
void redact(struct redact *, char *bytes, size_t len);
#endif
