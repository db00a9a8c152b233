/*
 * successor.h - start a program as another janusd that takes over from this one.
 */
#ifndef JANUS_SUCCESSOR_H
#define JANUS_SUCCESSOR_H
#include <stdbool.h>
#include <sys/types.h>
struct error;

struct successor {
	pid_t pid;
	int fd; /* readable once it has ended; -1: nobody can tell, it may have ended already */
};

/**
 * successor_start - a process with our arguments and --take-over, and our environment but for what
 * was meant for this process alone.
 *
 * own: the program that we are, whatever lies at its path now; else the one at that path.  It is nobody's
 * child: whoever supervises us becomes its parent.  argv is borrowed.  -1 with err.
 */
int successor_start(char *const *argv, bool own, struct successor *, struct error *);
#endif
