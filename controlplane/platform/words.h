/*
 * words.h - what people and programs type, as something a full-text index can be asked.
 *
 * Pure.  Every byte of a query that is not of a word is left out and every word is quoted, so
 * nothing that is typed is ever an operator, a column or the end of a string.
 */
#ifndef JANUS_PLATFORM_WORDS_H
#define JANUS_PLATFORM_WORDS_H
#include <stddef.h>
struct buf;

#define WORDS_MAX 32
#define WORD_MAX_BYTES 64

/** words_match - append an FTS5 expression: "a" "b" (all of them) or "a" OR "b"; returns how many
 *  words there are (at most WORDS_MAX of at most WORD_MAX_BYTES; longer ones are cut). */
size_t words_match(struct buf *out, const char *query, size_t len, const char *between);
/** words_plain - append text without tags and with its common entities decoded, cut at max bytes
 *  (never inside a character). */
void words_plain(struct buf *out, const char *text, size_t max);
#endif
