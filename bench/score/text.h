/*
 * text.h - words and sentences of an answer, in a form in which they can be compared.
 *
 * Pure.  "Words" are a text made plain: letters and digits in lower case (ASCII), everything else a
 * single space, a space before and behind.  So a term is found as a whole word by looking for its
 * words in those of the text.
 */
#ifndef JANUS_BENCH_TEXT_H
#define JANUS_BENCH_TEXT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/buf.h"

/** text_visible - is there anything in it that a reader would see: no white space, no zero width? */
bool text_visible(const char *text, size_t len);
/** text_tells - is there a letter or a digit in it, or anything else that is more than punctuation? */
bool text_tells(const char *text, size_t len);
/** text_blank_len - bytes of the invisible or blank character that text begins with; 0: it is none. */
size_t text_blank_len(const char *text, size_t len);

/** text_words - append the words of text, " a b c "; returns how many. "1,250" is the word 1250. */
size_t text_words(struct buf *out, const char *text, size_t len);
/** text_has - does the term (any text with a word in it) stand in words that text_words made? */
bool text_has(const char *words, const char *term);
/** text_function_words - how many of the words are the, of, is, and, ... */
size_t text_function_words(const char *words);

struct span {
	const char *at; /* borrowed from the text */
	size_t len;
};
/**
 * text_sentences - cut a text where a sentence ends: after . ! ? before a space (with closing quotes
 * and marks like [1] behind), and at the end of a line that the next one does not go on with.
 * *out is the caller's to free; returns how many, none of them without a word.
 */
size_t text_sentences(const char *text, struct span **out);

/** text_decimal - a number alone: sign, digits with groups of three, fraction, exponent up to +-30. */
bool text_decimal(const char *text, size_t len, double *out);
/** text_close - equal up to one part in 10^9 and tolerance. */
bool text_close(double a, double b, double tolerance);
#endif
