/*
 * environment.h - the machine a run was measured on: what may have slowed it, nothing that names anybody.
 */
#ifndef JANUS_BENCH_ENVIRONMENT_H
#define JANUS_BENCH_ENVIRONMENT_H
#include <cjson/cJSON.h>

/** environment_read - {"os","kernel","architecture","cpu","cores","memory_bytes","load","time_zone",
 *  "versions":{...}} as it is now; null for what cannot be read. The caller's. */
cJSON *environment_read(void);
/** environment_self_sha256 - "sha256:..." of the running program; "" if it cannot be read. */
const char *environment_self_sha256(char out[72]);
#endif
