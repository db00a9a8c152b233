/*
 * history.h - what is said of a competitor's past elsewhere, checked as far as it can be here.
 *
 * It comes as texts of the signed bundle that brought its image: {"manifest":"...","signature":"...",
 * "competitor":"...","histories":"..."}, the last if the bundle has it.  manifest.json and
 * signature.json hold for the others and for the image; histories.json is an array of such objects of
 * earlier bundles (without "histories"), each signed by whoever made that.  Pure.
 */
#ifndef JANUS_SUPERVISE_HISTORY_H
#define JANUS_SUPERVISE_HISTORY_H
#include <cjson/cJSON.h>
#include <stddef.h>

#include "controlplane/store/histories.h"
struct error;

#define HISTORIES_MAX 64 /* of one submission: moves from machine to machine */
#define HISTORY_FILE "histories.json"

struct histories { /* oldest first; zero-initialised */
	struct history at[HISTORIES_MAX];
	size_t len;
};

/**
 * histories_read - all of it, or nothing; without submissions yet.
 *
 * json           borrowed
 * image_digest   "sha256:..." of the archive it has to be the history of
 *
 * INVALID: not of that form. TOO_BIG: beyond SIGNED_TEXTS_MAX or HISTORIES_MAX. CONFLICT: a text is not what was signed, or tells of another
 * image or competitor.
 */
int histories_read(
    const cJSON *json, const char *image_digest, struct histories *out, struct error *);
void histories_done(struct histories *);
/** history_pack - the object of one, for histories.json; the caller's. */
cJSON *history_pack(const struct history *);
#endif
