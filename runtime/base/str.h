/*
 * str.h - strings: copies, tests, and the units people write.
 *
 * Pure.  Copies are owned by the caller; out of memory aborts.
 */
#ifndef JANUS_BASE_STR_H
#define JANUS_BASE_STR_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
struct buf;
struct error;

char *str_dup(const char *s); /* NULL gives NULL */
char *str_ndup(const char *s, size_t n);
char *str_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void *mem_zalloc(size_t size); /* calloc that ends in mem_out */
void *mem_realloc(void *p, size_t size); /* realloc that ends in mem_out; size is not 0 */
/** mem_out - there is no memory: one line on stderr, and the process ends.  What was acknowledged
 *  is stored; whoever started the process starts it again. */
void mem_out(void) __attribute__((noreturn));
/** str_copy - text into out, cut to cap - 1 bytes; NULL is "".  What snprintf does, at a tenth. */
void str_copy(char *out, size_t cap, const char *text);
#define STR_INT_MAX 24
/** str_int - v in decimal, in the last bytes of out; returns where it begins.  No printf for what
 *  each request writes twenty of. */
char *str_int(int64_t v, char out[STR_INT_MAX]);
bool str_eq(const char *a, const char *b); /* two NULLs are equal */
/** str_find - the place of word among n words; n if it is none of them. */
size_t str_find(const char *const *words, size_t n, const char *word);
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
/** str_replace - *at becomes a copy of value (NULL allowed); the old copy is freed. */
void str_replace(char **at, const char *value);

/** str_glob - does text match pattern, where * is any run and ? any one byte? */
bool str_glob(const char *pattern, const char *text);
/** str_slug_valid - [a-z0-9]([a-z0-9-]{0,38}[a-z0-9])? */
bool str_slug_valid(const char *s);
/** str_utf8_valid - well-formed UTF-8 (no surrogates, no overlong forms)? */
bool str_utf8_valid(const char *bytes, size_t len);
/** str_utf8_len - how many of the bytes, from the first on, are well-formed UTF-8: what is left of a
 *  text that was cut, perhaps inside a character. */
size_t str_utf8_len(const char *bytes, size_t len);
/** str_hex_digit - the value of one, of either case; -1 if it is none. */
static inline int
str_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
/** str_add_escaped - append text for a terminal: control bytes and bad UTF-8 become \xNN. */
void str_add_escaped(struct buf *out, const char *text, size_t len);
/** str_distance - edits between two short words, a swapped pair being one: "did you mean". */
size_t str_distance(const char *a, const char *b);

/** str_parse_int - a whole decimal number within [min,max]; 0, or -1 with INVALID. */
int str_parse_int(const char *text, int64_t min, int64_t max, int64_t *out, struct error *);
/** str_parse_duration - "250ms" "30s" "5m" "2h" "7d" to milliseconds. */
int str_parse_duration(const char *text, int64_t *ms, struct error *);
/** str_parse_size - "64KiB" "2GiB" (binary) "5MB" (decimal) or plain bytes. */
int str_parse_size(const char *text, int64_t *bytes, struct error *);
/** str_parse_bool - true or false, nothing else. */
int str_parse_bool(const char *text, bool *out, struct error *);
/** str_format_size - 1536 as "1.5 KiB". buf of at least 24 bytes; returns it. */
const char *str_format_size(int64_t bytes, char *buf, size_t cap);
/** str_format_duration - 90000 as "1m30s"; buf of at least 24 bytes; returns it. */
const char *str_format_duration(int64_t ms, char *buf, size_t cap);
#endif
