/*
 * follow.h - watch a submission or a run until its final state.
 */
#ifndef JANUS_CTL_FOLLOW_H
#define JANUS_CTL_FOLLOW_H
struct ctl;

/** ctl_follow - wait for submission or run `ref`, telling what happens; its data go to stdout at the
 *  end.  Returns the exit code: one that was only checked and is rejected is CTL_CHECK. */
int ctl_follow(struct ctl *, const char *noun, const char *ref);
#endif
