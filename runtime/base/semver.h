/*
 * semver.h - versions as 1.4.0 or 2.0.0-rc.1, and which of two is the newer.
 *
 * Pure.  As semver.org has it, without build metadata: two texts that differ are two versions.
 */
#ifndef JANUS_BASE_SEMVER_H
#define JANUS_BASE_SEMVER_H
#include <stdbool.h>

#define SEMVER_MAX 48 /* with its NUL */

/** semver_valid - MAJOR.MINOR.PATCH, then perhaps -WORD.WORD; numbers of at most nine digits. */
bool semver_valid(const char *);
/** semver_compare - of two valid ones: below 0, 0 or above. */
int semver_compare(const char *a, const char *b);
#endif
