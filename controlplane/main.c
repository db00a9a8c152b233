/*
 * main.c - janusd: arguments.
 */
#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <sys/stat.h>

#include "controlplane/config.h"
#include "controlplane/daemon.h"
#include "runtime/base/cli/program.h"
#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/net/http_client.h"

static const char usage[] =
    "usage: janusd [-c FILE] [-T]\n"
    "\n"
    "  -c, --config FILE  read settings from FILE only\n"
    "  -T, --print        print every setting, its value and where it came from, and exit\n"
    "  -V, --version      print the version and exit\n"
    "  -h, --help         this help\n"
    "\n"
    "Settings are in janus.conf(5); each may also be given as JANUS_SECTION_KEY in the "
    "environment.\n";

static int
run(const char *file)
{
	struct config config = { 0 };
	struct error err = { 0 };
	struct janus *janus;

	if (config_load(&config, file, &err) < 0) {
		fprintf(stderr, "janusd: %s\n", err.text);
		config_done(&config);
		return 2;
	}
	program_no_dumps();
	log_init("janusd");
	log_set_levels(config.log_level);
	http_client_setup();
	janus = daemon_start(&config, &err);
	if (janus == NULL) {
		log_error("daemon.start_failed", F_STR("error", err.text));
		config_done(&config);
		return 1;
	}
	daemon_run(janus);
	daemon_stop(janus);
	config_done(&config);
	return 0;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "print", no_argument, NULL, 'T' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const char *file = NULL;
	struct error err = { 0 };
	int print = 0, opt;

	setlocale(LC_CTYPE, ""); /* numbers stay as they are written in files and logs */
	umask(0027); /* the database and the logs are nobody else's */
	while ((opt = getopt_long(argc, argv, "c:TVh", options, NULL)) != -1) {
		switch (opt) {
		case 'c': file = optarg; break;
		case 'T': print = 1; break;
		case 'V': printf("janusd %s\n", JANUS_VERSION); return 0;
		case 'h': fputs(usage, stdout); return 0;
		default: fputs(usage, stderr); return 2;
		}
	}
	if (optind != argc) {
		fprintf(stderr, "janusd: unexpected argument '%s'\n%s", argv[optind], usage);
		return 2;
	}
	if (!print)
		return run(file);
	if (config_print(stdout, file, &err) < 0) {
		fprintf(stderr, "janusd: %s\n", err.text);
		return 2;
	}
	return 0;
}
