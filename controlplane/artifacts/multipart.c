/*
 * multipart.c - RFC 7578, between its boundaries.
 */
#include "controlplane/artifacts/multipart.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "runtime/base/str.h"

#define HEAD_MAX 4096 /* of one part */

/* The value of a parameter: a token, or quoted with backslashes before quotes.  Where it is put is
 * full: false. */
static bool
take_value(const char **at, char *out, size_t cap)
{
	const char *p = *at;
	size_t n = 0;

	if (*p == '"') {
		for (p++; *p != '"'; p++) {
			if (*p == '\\' && (p[1] == '"' || p[1] == '\\'))
				p++;
			if (*p == '\0' || n + 1 >= cap)
				return false;
			out[n++] = *p;
		}
		p++;
	} else {
		for (; *p != '\0' && strchr("; \t", *p) == NULL; p++) {
			if (n + 1 >= cap)
				return false;
			out[n++] = *p;
		}
	}
	out[n] = '\0';
	*at = p;
	return true;
}

/* "; name=value" again and again; the wanted one into out. */
static bool
parameter(const char *value, const char *name, char *out, size_t cap)
{
	char any[512] = "";

	for (const char *p = value + strcspn(value, ";"); *p == ';';) {
		p++;
		p += strspn(p, " \t");
		const size_t len = strcspn(p, "=; \t");
		const bool wanted = len == strlen(name) && strncasecmp(p, name, len) == 0;

		p += len;
		if (*p != '=')
			return false;
		p++;
		if (!take_value(&p, wanted ? out : any, wanted ? cap : sizeof(any)))
			return false;
		if (wanted)
			return true;
		p += strspn(p, " \t");
	}
	return false;
}

bool
multipart_boundary(const char *content_type, char out[72])
{
	static const char form[] = "multipart/form-data";

	if (content_type == NULL || strncasecmp(content_type, form, strlen(form)) != 0 ||
	    strchr("; \t", content_type[strlen(form)]) == NULL ||
	    !parameter(content_type, "boundary", out, 72))
		return false;
	const size_t len = strlen(out);
	return len >= 1 && len <= 70 && strpbrk(out, "\r\n") == NULL;
}

static bool
read_line(char *line, struct multipart_part *part)
{
	char *colon = strchr(line, ':');

	if (colon == NULL)
		return false;
	*colon = '\0';
	const char *value = colon + 1 + strspn(colon + 1, " \t");
	if (strcasecmp(line, "content-type") == 0) {
		str_copy(part->type, sizeof(part->type), value);
	} else if (strcasecmp(line, "content-disposition") == 0) {
		if (strncasecmp(value, "form-data", 9) != 0 ||
		    !parameter(value, "name", part->name, sizeof(part->name)))
			return false;
		part->is_file =
		    parameter(value, "filename", part->filename, sizeof(part->filename));
	}
	return true;
}

static bool
read_head(const char *from, size_t len, struct multipart_part *part)
{
	char head[HEAD_MAX];

	if (len >= sizeof(head) || memchr(from, '\0', len) != NULL)
		return false;
	memcpy(head, from, len);
	head[len] = '\0';
	for (char *line = head, *next; line != NULL && *line != '\0'; line = next) {
		next = strstr(line, "\r\n");
		if (next != NULL) {
			*next = '\0';
			next += 2;
		}
		if (!read_line(line, part))
			return false;
	}
	return part->name[0] != '\0';
}

/* The next boundary: a line that begins so and holds nothing else. */
static const char *
find_boundary(const char *at, const char *end, const char *mark, size_t len)
{
	while (at < end && (at = memmem(at, (size_t)(end - at), mark, len)) != NULL) {
		const char *p = at + len;

		while (p < end && (*p == ' ' || *p == '\t'))
			p++;
		if (end - p >= 2 && (memcmp(p, "\r\n", 2) == 0 || memcmp(at + len, "--", 2) == 0))
			return at;
		at++;
	}
	return NULL;
}

int
multipart_parse(const char *body, size_t len, const char *boundary, struct multipart *out)
{
	const char *at = body, *const end = body + len;
	char mark[80];
	const size_t mark_len = (size_t)snprintf(mark, sizeof(mark), "\r\n--%s", boundary);

	out->len = 0;
	/* The first boundary may be the very beginning. */
	if (len >= mark_len - 2 && memcmp(at, mark + 2, mark_len - 2) == 0)
		at += mark_len - 2;
	else if ((at = find_boundary(at, end, mark, mark_len)) != NULL)
		at += mark_len;
	else
		return -1;
	for (;;) {
		if (end - at >= 2 && memcmp(at, "--", 2) == 0)
			return 0;
		while (at < end && (*at == ' ' || *at == '\t'))
			at++;
		if (end - at < 2 || memcmp(at, "\r\n", 2) != 0 || out->len == MULTIPART_PARTS_MAX)
			return -1;
		at += 2;
		const char *body_at = memmem(at, (size_t)(end - at), "\r\n\r\n", 4);
		struct multipart_part *part = &out->at[out->len];
		*part = (struct multipart_part){ 0 };
		if (body_at == NULL || !read_head(at, (size_t)(body_at - at), part))
			return -1;
		part->bytes = body_at + 4;
		/* An empty part's boundary begins with the line end of its head. */
		at = find_boundary(body_at + 2, end, mark, mark_len);
		if (at == NULL)
			return -1;
		part->len = at > part->bytes ? (size_t)(at - part->bytes) : 0;
		at += mark_len;
		out->len++;
	}
}

const struct multipart_part *
multipart_find(const struct multipart *m, const char *name)
{
	for (size_t i = 0; i < m->len; i++)
		if (strcmp(m->at[i].name, name) == 0)
			return &m->at[i];
	return NULL;
}
