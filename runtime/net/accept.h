/*
 * accept.h - what a client says it prefers: Accept, Accept-Encoding.
 *
 * Pure.
 */
#ifndef JANUS_NET_ACCEPT_H
#define JANUS_NET_ACCEPT_H

/**
 * accept_quality - the weight of a name in a list such as "br;q=0.5, gzip".
 *
 * Of 1000; 0: it is refused; -1: it is not named, or only with a weight that is none.  Upper and
 * lower case are the same, other parameters than q say nothing, and "*" is a name like others.
 */
int accept_quality(const char *header, const char *name);
#endif
