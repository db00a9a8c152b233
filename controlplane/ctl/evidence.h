/*
 * evidence.h - what a submission showed, and what to do next, in words.  Pure.
 */
#ifndef JANUS_CTL_EVIDENCE_H
#define JANUS_CTL_EVIDENCE_H
#include <cjson/cJSON.h>
#include <stdbool.h>
struct buf;

/** ctl_state_is_final - of a submission. */
bool ctl_state_is_final(const char *state);
/** ctl_outcome - append one sentence about a submission as it is. */
void ctl_outcome(struct buf *, const cJSON *submission);
/** ctl_next_command - append the next useful command for it; nothing if there is none. */
void ctl_next_command(struct buf *, const cJSON *submission);
/** ctl_evidence - append its evidence, escaped lines each indented and ended; nothing without. */
void ctl_evidence(struct buf *, const cJSON *submission);
#endif
