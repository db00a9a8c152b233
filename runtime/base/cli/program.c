/*
 * program.c - the common beginning of daemons.
 */
#include "runtime/base/cli/program.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "runtime/base/log.h"

void
program_no_dumps(void)
{
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

int
program_begin(const char *name, const char *usage, int argc, char **argv)
{
	const char *levels = getenv("JANUS_LOG");

	if (argc > 1) {
		const bool help = strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0;
		const bool version =
		    strcmp(argv[1], "-V") == 0 || strcmp(argv[1], "--version") == 0;

		if (version)
			printf("%s %s\n", name, JANUS_VERSION);
		else
			fputs(usage, help ? stdout : stderr);
		return help || version ? 0 : 2;
	}
	signal(SIGPIPE, SIG_IGN);
	program_no_dumps();
	log_init(name);
	if (levels != NULL && log_set_levels(levels) < 0) {
		fprintf(stderr, "%s: JANUS_LOG: '%s' is not a list of levels\n", name, levels);
		return 2;
	}
	return -1;
}
