/*
 * program.h - what every daemon's main begins with.
 */
#ifndef JANUS_BASE_CLI_PROGRAM_H
#define JANUS_BASE_CLI_PROGRAM_H

/** program_no_dumps - what is in memory stays there: no core files, and no other process of the
 *  same user may read it, nor the environment, through /proc. */
void program_no_dumps(void);
/**
 * program_begin - name the program in its log, ignore SIGPIPE, turn dumps off, answer -h and -V.
 *
 * For daemons whose settings are all in the environment; the log levels come from JANUS_LOG.
 * Returns -1 to go on, or the exit code: 0 after help or version, 2 after a usage error.
 */
int program_begin(const char *name, const char *usage, int argc, char **argv);
#endif
