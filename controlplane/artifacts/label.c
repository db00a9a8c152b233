/*
 * label.c - names and types, cleaned.
 */
#include "controlplane/artifacts/label.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"
#include "runtime/net/http_head.h"

/* The character at p as a code point, and how many bytes it takes; the text is valid UTF-8. */
static unsigned
code_point(const unsigned char *p, size_t *len)
{
	*len = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	switch (*len) {
	case 1: return p[0];
	case 2: return (p[0] & 31U) << 6 | (p[1] & 63U);
	case 3: return (p[0] & 15U) << 12 | (p[1] & 63U) << 6 | (p[2] & 63U);
	default: return (p[0] & 7U) << 18 | (p[1] & 63U) << 12 | (p[2] & 63U) << 6 | (p[3] & 63U);
	}
}

/* Controls, what turns the direction of text, what is not seen, private and no characters. */
static bool
is_hidden(unsigned c)
{
	static const struct {
		unsigned from, to;
	} hidden[] = {
		{ 0x00, 0x1f },
		{ 0x7f, 0x9f },
		{ 0xad, 0xad },
		{ 0x61c, 0x61c },
		{ 0x180e, 0x180e },
		{ 0x200b, 0x200f },
		{ 0x2028, 0x202e },
		{ 0x2060, 0x206f },
		{ 0xe000, 0xf8ff },
		{ 0xfe00, 0xfe0f },
		{ 0xfeff, 0xfeff },
		{ 0xfff0, 0xfffb },
		{ 0xfffe, 0xffff },
		{ 0xe0000, 0x10ffff },
	};

	for (size_t i = 0; i < ARRAY_LEN(hidden); i++)
		if (c >= hidden[i].from && c <= hidden[i].to)
			return true;
	return false;
}

static bool
is_reserved(const char *name)
{
	static const char *const devices[] = { "con", "prn", "aux", "nul", "com1", "com2", "com3",
		"com4", "com5", "com6", "com7", "com8", "com9", "lpt1", "lpt2", "lpt3", "lpt4",
		"lpt5", "lpt6", "lpt7", "lpt8", "lpt9" };
	const size_t len = strcspn(name, ".");

	for (size_t i = 0; i < ARRAY_LEN(devices); i++)
		if (strlen(devices[i]) == len && strncasecmp(name, devices[i], len) == 0)
			return true;
	return false;
}

static const char *
last_component(const char *said)
{
	const char *last = said;

	for (const char *p = said; *p != '\0'; p++)
		if (*p == '/' || *p == '\\' || (*p == ':' && p == said + 1))
			last = p + 1;
	return last;
}

void
label_name(const char *said, char out[LABEL_NAME_MAX])
{
	const char *from = said != NULL && str_utf8_valid(said, strlen(said)) ? said : "";
	size_t n = 0, len;

	for (const char *p = last_component(from); *p != '\0'; p += len) {
		const unsigned c = code_point((const unsigned char *)p, &len);

		if (is_hidden(c) || (n == 0 && (c == '.' || c == ' ')))
			continue;
		if (n + len >= LABEL_NAME_MAX)
			break;
		if (len == 1 && strchr("\"<>|*?:", *p) != NULL) {
			out[n++] = '_';
		} else {
			memcpy(out + n, p, len);
			n += len;
		}
	}
	while (n > 0 && (out[n - 1] == '.' || out[n - 1] == ' '))
		n--;
	out[n] = '\0';
	if (n == 0 || is_reserved(out))
		str_copy(out, LABEL_NAME_MAX, "artifact");
}

bool
label_type(const char *said, char out[LABEL_TYPE_MAX])
{
	const size_t len = said != NULL ? strcspn(said, "; \t") : 0;
	const char *slash = said != NULL ? memchr(said, '/', len) : NULL;

	if (slash == NULL || len >= LABEL_TYPE_MAX || slash == said || slash + 1 == said + len ||
	    http_token_len(said, (size_t)(slash - said)) != (size_t)(slash - said) ||
	    http_token_len(slash + 1, (size_t)(said + len - slash - 1)) !=
		(size_t)(said + len - slash - 1))
		return false;
	for (size_t i = 0; i < len; i++)
		out[i] = (char)tolower((unsigned char)said[i]);
	out[len] = '\0';
	return true;
}

const char *
label_type_served(const char *type)
{
	static const char *const quiet[] = {
		"application/gzip",
		"application/json",
		"application/jsonl",
		"application/msword",
		"application/octet-stream",
		"application/pdf",
		"application/vnd.apache.parquet",
		"application/vnd.ms-excel",
		"application/vnd.ms-powerpoint",
		"application/vnd.openxmlformats-officedocument.presentationml.presentation",
		"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
		"application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		"application/x-ndjson",
		"application/x-tar",
		"application/yaml",
		"application/zip",
		"audio/aac",
		"audio/flac",
		"audio/mp4",
		"audio/mpeg",
		"audio/ogg",
		"audio/wav",
		"audio/webm",
		"audio/x-wav",
		"image/avif",
		"image/bmp",
		"image/gif",
		"image/jpeg",
		"image/png",
		"image/tiff",
		"image/webp",
		"text/csv",
		"text/markdown",
		"text/plain",
		"text/tab-separated-values",
		"video/mp4",
		"video/mpeg",
		"video/ogg",
		"video/webm",
	};

	for (size_t i = 0; i < ARRAY_LEN(quiet); i++)
		if (strcmp(type, quiet[i]) == 0)
			return quiet[i];
	return "application/octet-stream";
}

void
label_disposition(struct buf *out, const char *name)
{
	static const char plain[] = "!#$&+-.^_`|~";

	buf_add_str(out, "attachment; filename=\"");
	for (const char *p = name; *p != '\0'; p++) {
		if ((unsigned char)*p < 0x80 && *p != '"' && *p != '\\' && *p != '%')
			buf_add_char(out, *p);
		else if (((unsigned char)*p & 0xc0) != 0x80) /* one for each character */
			buf_add_char(out, '_');
	}
	buf_add_str(out, "\"; filename*=UTF-8''");
	for (const char *p = name; *p != '\0'; p++)
		if (isalnum((unsigned char)*p) || strchr(plain, *p) != NULL)
			buf_add_char(out, *p);
		else
			buf_printf(out, "%%%02X", (unsigned char)*p);
}
