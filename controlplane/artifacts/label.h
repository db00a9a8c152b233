/*
 * label.h - what a file may be called and what type it is served as, whatever it says of itself.
 *
 * Pure.
 */
#ifndef JANUS_ARTIFACTS_LABEL_H
#define JANUS_ARTIFACTS_LABEL_H
#include <stdbool.h>
#include <stddef.h>
struct buf;

#define LABEL_NAME_MAX 160
#define LABEL_TYPE_MAX 96

/** label_name - the last component of a name without anything that a file system, a terminal or a
 *  reader could take amiss; "artifact" where nothing is left. */
void label_name(const char *said, char out[LABEL_NAME_MAX]);
/** label_type - is said a media type, without parameters? Lower case into out. */
bool label_type(const char *said, char out[LABEL_TYPE_MAX]);
/** label_type_served - the type itself if it cannot be active content, else octet-stream. */
const char *label_type_served(const char *type);
/** label_disposition - append "attachment; ..." with the name as RFC 6266 and RFC 8187 write it. */
void label_disposition(struct buf *out, const char *name);
#endif
