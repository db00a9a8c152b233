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
/** ctl_send_bundle - an image archive to the daemon, which checks it; its digest. */
#define CTL_DIGEST_MAX 72
int ctl_send_bundle(struct ctl *, int fd, char digest[CTL_DIGEST_MAX], struct ctl_failure *);
#endif
