/*
 * follow.h - watch a submission until its final state.
 */
#ifndef JANUS_CTL_FOLLOW_H
#define JANUS_CTL_FOLLOW_H
struct ctl;

/** ctl_follow - wait for submission `ref`, telling what happens; returns the exit code. */
int ctl_follow(struct ctl *, const char *ref);
#endif
