/*
 * refs.h - how people name things: an id, the beginning of one, or a slug.  Pure.
 */
#ifndef JANUS_CTL_REFS_H
#define JANUS_CTL_REFS_H
struct buf;
struct error;

/** ctl_ref_noun - "competitor" for "cpt_..." and so on; NULL if text is not (the beginning of) an id. */
const char *ctl_ref_noun(const char *text);
/** ctl_ref_check - may text name a thing of this noun? 0, or -1 with INVALID saying what to do. */
int ctl_ref_check(const char *noun, const char *text, struct error *);
/** ctl_ref_path - append "/api/v1/competitors/<text>" and, unless NULL, "/" and rest. */
void ctl_ref_path(struct buf *out, const char *noun, const char *text, const char *rest);
#endif
