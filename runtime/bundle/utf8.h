/*
 * utf8.h - characters of valid UTF-8, and a locale that knows them whatever the program's is.
 */
#ifndef JANUS_BUNDLE_UTF8_H
#define JANUS_BUNDLE_UTF8_H
#include <locale.h>
#include <stdint.h>
struct buf;

/** utf8_next - the character at *at, which moves behind it.  The text is valid UTF-8. */
uint32_t utf8_next(const char **at);
void utf8_add(struct buf *, uint32_t c);
/** utf8_locale - made once; 0 where the system has none. */
locale_t utf8_locale(void);
/** utf8_enter - have this thread use it, as libarchive turns names into the locale's characters;
 *  returns the one before, for uselocale. */
locale_t utf8_enter(void);
#endif
