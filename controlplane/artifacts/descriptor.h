/*
 * descriptor.h - find the artifacts that a chunk or a whole answer announces, and the texts that may
 * link to them.
 *
 * Pure.  They stand, in each choice, in delta.artifacts[] and message.artifacts[], and in
 * delta.janus = {"event","payload"}: payload itself, a list, or its items[], for the events
 * "artifact" and "artifacts"; its artifact or artifacts[] for any event.
 */
#ifndef JANUS_ARTIFACTS_DESCRIPTOR_H
#define JANUS_ARTIFACTS_DESCRIPTOR_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controlplane/artifacts/label.h"
#include "controlplane/artifacts/reason.h"
#include "runtime/base/hash.h"

#define DESCRIPTOR_ID_MAX 132
#define DESCRIPTOR_KIND_MAX 16

struct spot { /* bytes of the text */
	size_t at, len;
};
struct descriptor {
	struct spot object, url_spot; /* the latter with its quotes */
	enum artifact_reason fault; /* NONE: all below makes sense */
	char *url; /* owned; NULL */
	char id[DESCRIPTOR_ID_MAX]; /* as announced; "" if it was not, or cannot be kept */
	char kind[DESCRIPTOR_KIND_MAX]; /* image, file, dataset, binary */
	char type[LABEL_TYPE_MAX], name[LABEL_NAME_MAX];
	char sha256[HASH_HEX_MAX]; /* "" if it was not announced */
	int64_t size, ttl_s; /* ttl_s 0: not said */
};
struct descriptors { /* zero-initialised */
	struct descriptor *at; /* owned, in the order of their places */
	size_t len, cap;
	struct spot *texts; /* owned: string literals of content, with their quotes */
	size_t ntexts, texts_cap;
};

/** descriptors_may_be - can there be any? Looks for a word, and reads nothing. */
bool descriptors_may_be(const char *bytes, size_t len);
/** descriptors_find - 0, or -1 if the text is not the JSON that we read (out is then empty). */
int descriptors_find(const char *json, size_t len, struct descriptors *out);
void descriptors_done(struct descriptors *);
#endif
