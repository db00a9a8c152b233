/*
 * submission.h - what submitting and checking share.
 */
#ifndef JANUS_CTL_SUBMISSION_H
#define JANUS_CTL_SUBMISSION_H
#include <cjson/cJSON.h>
struct ctl;
struct ctl_failure;
struct error;

/** ctl_add_manifest - read a file, or standard input for "-", into body as "manifest". */
int ctl_add_manifest(cJSON *body, const char *path, struct error *);
/** ctl_submit - hand it in; *sub is the caller's, a submission with an id. */
int ctl_submit(struct ctl *, const cJSON *body, cJSON **sub, struct ctl_failure *);
#endif
