/*
 * local.h - what can be said of a Janus on this machine without asking it.
 */
#ifndef JANUS_CTL_LOCAL_H
#define JANUS_CTL_LOCAL_H
#include <cjson/cJSON.h>

#include "runtime/base/buf.h"
struct ctl;
struct error;
struct findings;

/* The settings that a janusd started from here would have, or that a file would give it. */
struct local_config {
	char *program; /* owned; NULL: there is none */
	struct buf print; /* what its -T printed */
};
/** local_config_read - runs "janusd -T"; file NULL: the usual ones. NOT_FOUND: no program; INVALID: what it
 *  says is wrong with its settings, as "file:line: message". local_config_done in either case. */
int local_config_read(struct local_config *, const char *file, struct error *);
void local_config_done(struct local_config *);
/** local_setting - the value of a setting; NULL if it is empty or not known. The caller's. */
char *local_setting(const struct local_config *, const char *name);

/** local_run - run a program to its end; what it prints, errors too, is added to out: at most 1 MiB.
 *  Its exit code, or -1. */
int local_run(const char *const *args, struct buf *out);

/** local_facts - of this machine, for who has never seen it: system, processors, memory, load, limits,
 *  names of variables that were set for Janus. The caller's. */
cJSON *local_facts(void);

/** local_diagnose - look at everything that can be seen from here; the daemon did not answer. */
void local_diagnose(struct ctl *, struct findings *);
#endif
