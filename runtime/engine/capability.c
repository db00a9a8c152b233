/*
 * capability.c - words and bits.
 */
#include "runtime/engine/capability.h"

#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/str.h"

static const char *const words[CAPABILITY_COUNT] = {
#define X(name, word) [CAPABILITY_AT_##name] = word,
	CAPABILITIES(X)
#undef X
};

unsigned
capability_named(const char *word)
{
	const size_t at = str_find(words, CAPABILITY_COUNT, word);

	return at < CAPABILITY_COUNT ? 1u << at : 0;
}

void
capabilities_add(struct buf *out, unsigned set)
{
	const char *comma = "";

	buf_add_char(out, '[');
	for (unsigned i = 0; i < CAPABILITY_COUNT; i++)
		if ((set >> i & 1) != 0) {
			buf_printf(out, "%s\"%s\"", comma, words[i]);
			comma = ",";
		}
	buf_add_char(out, ']');
}
