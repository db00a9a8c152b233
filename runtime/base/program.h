/*
 * program.h - other programs, and files, that stand beside ours.
 */
#ifndef JANUS_BASE_PROGRAM_H
#define JANUS_BASE_PROGRAM_H

/** program_path - the file of the program that runs, as the system names it: one that was removed since
 *  ends in " (deleted)".  The caller's; NULL with errno. */
char *program_path(void);
/** program_beside - the directory of the program that runs and that relative path, if it may be
 *  executed, or entered; the caller's; NULL. */
char *program_beside(const char *relative);
/** program_find - a program beside ours, else in PATH; the caller's; NULL. */
char *program_find(const char *name);
#endif
