/*
 * multipart.h - the parts of a multipart/form-data body that is there as a whole.
 *
 * Pure.
 */
#ifndef JANUS_ARTIFACTS_MULTIPART_H
#define JANUS_ARTIFACTS_MULTIPART_H
#include <stdbool.h>
#include <stddef.h>

#define MULTIPART_PARTS_MAX 32

struct multipart_part {
	char name[64];
	char filename[256]; /* as sent, "" if none */
	char type[128]; /* "" if none */
	bool is_file; /* it has a filename */
	const char *bytes; /* borrowed from the body */
	size_t len;
};
struct multipart {
	struct multipart_part at[MULTIPART_PARTS_MAX];
	size_t len;
};
/** multipart_boundary - of a content-type header; false if it is no multipart/form-data with one. */
bool multipart_boundary(const char *content_type, char out[72]);
/** multipart_parse - 0, or -1 if the body is not whole and well-formed, or has too many parts. */
int multipart_parse(const char *body, size_t len, const char *boundary, struct multipart *out);
/** multipart_find - the first part of that name; NULL. */
const struct multipart_part *multipart_find(const struct multipart *, const char *name);
#endif
