/*
 * canary.c - janus-canary, sent into a pod before any competitor.
 *
 * Runs as a competitor, with a competitor's spec, and tries every way out we
 * know.  One JSON line per attempt, one with the sum; exit 0 only if all of
 * them were contained, else 9.
 */
#include "controlplane/link/attempts.h"

#include <stdio.h>
#include <string.h>

int
main(int argc, char **argv)
{
	unsigned escaped = 0;

	if (argc > 1 && strcmp(argv[1], "--version") == 0)
		return puts("janus-canary " JANUS_VERSION) < 0;
	attempts_begin();
	setvbuf(stdout, NULL, _IOLBF, 0); /* killed half way, the lines so far are out */
	for (size_t i = 0; i < attempts_count; i++) {
		struct finding found;
		char line[512];

		attempt_run(&attempts[i], &found);
		attempt_json(&attempts[i], &found, line, sizeof(line));
		puts(line);
		escaped += !found.contained;
	}
	printf("{\"contained\":%u,\"escaped\":%u}\n", (unsigned)attempts_count - escaped, escaped);
	return escaped == 0 ? 0 : 9;
}
