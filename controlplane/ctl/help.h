/*
 * help.h - help, from the command table.
 */
#ifndef JANUS_CTL_HELP_H
#define JANUS_CTL_HELP_H
struct buf;

/** ctl_help_overview - append the list of all commands. */
void ctl_help_overview(struct buf *);
/**
 * ctl_help_verb - append help for a verb and, unless NULL, one of its nouns.
 *
 * full  with the global options too.  Returns 0, or -1 if there is no such command.
 */
int ctl_help_verb(struct buf *, const char *verb, const char *noun, int full);
/** ctl_help_all - append every usage line, option and exit code, one a line, for tools. */
void ctl_help_all(struct buf *);
#endif
