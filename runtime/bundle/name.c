/*
 * name.c - names of entries: what is refused, and what counts as the same.
 */
#include "runtime/bundle/name.h"

#include <locale.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <wctype.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/bundle/utf8.h"

#define PART_BYTES_MAX 255

const char *
name_show(const char *name, char out[NAME_SHOWN_MAX])
{
	size_t n = 0;

	for (const unsigned char *c = (const unsigned char *)name; *c != '\0'; c++) {
		if (n > NAME_SHOWN_MAX - sizeof("\\xNN...")) {
			memcpy(out + n, "...", sizeof("..."));
			return out;
		}
		if (*c >= ' ' && *c < 0x7f && *c != '\\')
			out[n++] = (char)*c;
		else
			n += (size_t)snprintf(out + n, NAME_SHOWN_MAX - n, "\\x%02x", *c);
	}
	out[n] = '\0';
	return out;
}

static int
refuse(struct error *err, const char *name, const char *why)
{
	char shown[NAME_SHOWN_MAX];

	return error_set(err, ERROR_INVALID, "entry '%s': %s", name_show(name, shown), why);
}

/* Characters that are not what they look like, or that two systems spell in two ways. */
static const struct span {
	uint32_t first, last;
	const char *why;
} refused[] = {
	{ 0x00, 0x1f, "a control character" },
	{ 0x7f, 0x9f, "a control character" },
	{ 0xad, 0xad, "an invisible character" },
	{ 0x300, 0x36f, "a combining mark: write the name composed (NFC)" },
	{ 0x374, 0x374, "a character that has another spelling" },
	{ 0x37e, 0x37e, "a character that has another spelling" },
	{ 0x387, 0x387, "a character that has another spelling" },
	{ 0x61c, 0x61c, "a direction mark" },
	{ 0x1100, 0x11ff, "a part of a syllable: write the name composed (NFC)" },
	{ 0x180b, 0x180e, "an invisible character" },
	{ 0x1ab0, 0x1aff, "a combining mark: write the name composed (NFC)" },
	{ 0x1dc0, 0x1dff, "a combining mark: write the name composed (NFC)" },
	{ 0x1f71, 0x1f71, "a character that has another spelling" },
	{ 0x1f73, 0x1f73, "a character that has another spelling" },
	{ 0x1f75, 0x1f75, "a character that has another spelling" },
	{ 0x1f77, 0x1f77, "a character that has another spelling" },
	{ 0x1f79, 0x1f79, "a character that has another spelling" },
	{ 0x1f7b, 0x1f7b, "a character that has another spelling" },
	{ 0x1f7d, 0x1f7d, "a character that has another spelling" },
	{ 0x1fbb, 0x1fbb, "a character that has another spelling" },
	{ 0x1fbe, 0x1fbe, "a character that has another spelling" },
	{ 0x1fc9, 0x1fc9, "a character that has another spelling" },
	{ 0x1fcb, 0x1fcb, "a character that has another spelling" },
	{ 0x1fd3, 0x1fd3, "a character that has another spelling" },
	{ 0x1fdb, 0x1fdb, "a character that has another spelling" },
	{ 0x1fe3, 0x1fe3, "a character that has another spelling" },
	{ 0x1feb, 0x1feb, "a character that has another spelling" },
	{ 0x1fee, 0x1fef, "a character that has another spelling" },
	{ 0x1ff9, 0x1ff9, "a character that has another spelling" },
	{ 0x1ffb, 0x1ffb, "a character that has another spelling" },
	{ 0x1ffd, 0x1ffd, "a character that has another spelling" },
	{ 0x2000, 0x2001, "a character that has another spelling" },
	{ 0x200b, 0x200f, "an invisible character or a direction mark" },
	{ 0x2028, 0x202e, "a line break or a direction mark" },
	{ 0x2060, 0x206f, "an invisible character or a direction mark" },
	{ 0x20d0, 0x20ff, "a combining mark: write the name composed (NFC)" },
	{ 0x2126, 0x2126, "a character that has another spelling" },
	{ 0x212a, 0x212b, "a character that has another spelling" },
	{ 0x2329, 0x232a, "a character that has another spelling" },
	{ 0x3099, 0x309a, "a combining mark: write the name composed (NFC)" },
	{ 0xa960, 0xa97f, "a part of a syllable: write the name composed (NFC)" },
	{ 0xd7b0, 0xd7ff, "a part of a syllable: write the name composed (NFC)" },
	{ 0xf900, 0xfaff, "a character that has another spelling" },
	{ 0xfb1d, 0xfb4e, "a character that has another spelling" },
	{ 0xfdd0, 0xfdef, "no character" },
	{ 0xfe00, 0xfe0f, "an invisible character" },
	{ 0xfe20, 0xfe2f, "a combining mark: write the name composed (NFC)" },
	{ 0xfeff, 0xfeff, "an invisible character" },
	{ 0xfff0, 0xffff, "no character" },
	{ 0x2f800, 0x2fa1f, "a character that has another spelling" },
	{ 0xe0000, 0xe0fff, "an invisible character" },
};

static const char *
odd_character(const char *name)
{
	for (const char *at = name; *at != '\0';) {
		const uint32_t c = utf8_next(&at);

		if (c == '\\')
			return "a backslash";
		if (c == ':')
			return "a colon";
		for (size_t i = 0; i < ARRAY_LEN(refused); i++)
			if (c >= refused[i].first && c <= refused[i].last)
				return refused[i].why;
	}
	return NULL;
}

/* What some system opens instead of a file, with any ending. */
static bool
is_device(const char *part, size_t len)
{
	static const char *const devices[] = { "con", "prn", "aux", "nul", "conin$", "conout$",
		"clock$" };
	size_t n = 0;

	while (n < len && part[n] != '.')
		n++;
	while (n > 0 && part[n - 1] == ' ')
		n--;
	for (size_t i = 0; i < ARRAY_LEN(devices); i++)
		if (strlen(devices[i]) == n && strncasecmp(part, devices[i], n) == 0)
			return true;
	if (n < 4 || (strncasecmp(part, "com", 3) != 0 && strncasecmp(part, "lpt", 3) != 0))
		return false;
	/* Superscript one, two and three count as digits there. */
	return (n == 4 && part[3] >= '0' && part[3] <= '9') ||
	    (n == 5 && part[3] == '\xc2' && strchr("\xb9\xb2\xb3", part[4]) != NULL);
}

static const char *
odd_part(const char *part, size_t len)
{
	if (len == 0)
		return "an empty part";
	if (strncmp(part, "..", len) == 0)
		return len == 1 ? "a part that is '.'" : "a part that is '..'";
	if (len > PART_BYTES_MAX)
		return "a part of more than 255 bytes";
	if (part[len - 1] == '.' || part[len - 1] == ' ' || part[0] == ' ')
		return "a part that begins or ends with a blank, or ends with a dot";
	if (is_device(part, len))
		return "the name of a device";
	return NULL;
}

int
name_check(const char *name, size_t max_bytes, size_t max_depth, struct error *err)
{
	const size_t len = strlen(name);
	const char *why = NULL;
	size_t depth = 0;

	if (len == 0)
		return refuse(err, name, "an empty name");
	if (len > max_bytes)
		return refuse(err, name, "a name that is too long");
	if (!str_utf8_valid(name, len))
		return refuse(err, name, "not UTF-8");
	if (name[0] == '/')
		return refuse(err, name, "an absolute name");
	why = odd_character(name);
	for (const char *part = name; why == NULL; part += strcspn(part, "/") + 1) {
		const size_t n = strcspn(part, "/");

		why = odd_part(part, n);
		if (why == NULL && ++depth > max_depth)
			why = "too many directories within each other";
		if (part[n] == '\0')
			break;
	}
	return why != NULL ? refuse(err, name, why) : 0;
}

/* ---- one name, one entry ---- */

struct name_kept {
	char *spelled; /* owned */
	bool is_dir, said; /* said: it had an entry of its own */
};

/* Upper and lower case as one. */
static void
fold(const char *name, struct buf *out)
{
	const locale_t locale = utf8_locale();

	for (const char *at = name; *at != '\0';) {
		uint32_t c = utf8_next(&at);

		if (c == 0xdf || c == 0x1e9e) { /* sharp s is two of them in capitals */
			buf_add_str(out, "ss");
			continue;
		}
		if (c < 0x80 || locale == (locale_t)0)
			c = c >= 'A' && c <= 'Z' ? c + 32 : c;
		else
			c = (uint32_t)towlower_l(towupper_l((wint_t)c, locale), locale);
		utf8_add(out, c);
	}
}

static int
add_one(
    struct names *n, const char *name, const char *whole, bool is_dir, bool said, struct error *err)
{
	_cleanup_buf_ struct buf folded = { 0 };
	struct name_kept *kept;

	fold(name, &folded);
	kept = map_get(&n->folded, buf_str(&folded));
	if (kept == NULL) {
		kept = mem_zalloc(sizeof(*kept));
		*kept = (struct name_kept){ str_dup(name), is_dir, said };
		map_put(&n->folded, buf_str(&folded), kept);
		return 0;
	}
	if (strcmp(kept->spelled, name) != 0)
		return refuse(err, whole, "equal to another name but for case");
	if (kept->is_dir != is_dir)
		return refuse(err, whole, "a file and a directory of one name");
	if (said && (kept->said || !is_dir))
		return refuse(err, whole, "there twice");
	kept->said |= said;
	return 0;
}

int
names_add(struct names *n, const char *name, bool is_dir, struct error *err)
{
	_cleanup_free_ char *above = str_dup(name);

	for (char *slash = strchr(above, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (add_one(n, above, name, true, false, err) < 0)
			return -1;
		*slash = '/';
	}
	return add_one(n, name, name, is_dir, true, err);
}

void
names_done(struct names *n)
{
	size_t at = 0;
	const char *key;
	void *value;

	while (map_next(&n->folded, &at, &key, &value)) {
		struct name_kept *kept = value;

		free(kept->spelled);
		free(kept);
	}
	map_done(&n->folded);
}
