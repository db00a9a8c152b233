/*
 * certificate.h - is the certificate that is served good, and for how long?
 */
#ifndef JANUS_DIAGNOSE_CERTIFICATE_H
#define JANUS_DIAGNOSE_CERTIFICATE_H
#include <stdint.h>
struct findings;

/** certificate_judge - of the files of certificates and key (PEM); now_ms is wall time. Blocks. */
void certificate_judge(
    const char *certificates, const char *key, int64_t now_ms, struct findings *);
#endif
