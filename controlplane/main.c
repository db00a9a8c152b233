/*
 * main.c - janusd: arguments.
 */
#include <getopt.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

#include "controlplane/config.h"
#include "controlplane/daemon.h"
#include "controlplane/takeover.h"
#include "runtime/base/cli/program.h"
#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/net/http_client.h"

#define KEPT_LOG_BYTES ((size_t)1 << 19) /* what GET /api/v1/logs tells */

static const char usage[] =
    "usage: janusd [-c FILE] [--take-over | --upgrade | -T | --restore BACKUP]\n"
    "\n"
    "  -c, --config FILE  read settings from FILE only\n"
    "      --take-over    if a janusd runs, take its listeners and its place; its streams run on "
    "in it\n"
    "      --upgrade      have the janusd that runs start its program anew, which takes over from "
    "it\n"
    "  -T, --print        print every setting, its value and where it came from, and exit\n"
    "      --restore BACKUP  put a backup, by its id or as a file, in the place of the state,\n"
    "                     and exit\n"
    "  -V, --version      print the version and exit\n"
    "  -h, --help         this help\n"
    "\n"
    "Settings are in janus.conf(5); each may also be given as JANUS_SECTION_KEY in the "
    "environment.\n";

static int
upgrade(const char *file)
{
	struct config config = { 0 };
	struct error err = { 0 };
	int rc = 2;

	if (config_load(&config, file, &err) < 0)
		fprintf(stderr, "janusd: %s\n", err.text);
	else
		rc = takeover_upgrade(config.runtime_dir);
	config_done(&config);
	return rc;
}

static int
run(const char *file, char *const *argv, bool take_over)
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
	log_keep(KEPT_LOG_BYTES);
	http_client_setup();
	janus = daemon_start(&config, argv, take_over, &err);
	if (janus == NULL) {
		log_error("daemon.start_failed", F_STR("error", err.text));
		config_done(&config);
		return 1;
	}
	const int code = daemon_run(janus) < 0 ? 1 : 0;
	daemon_stop(janus);
	config_done(&config);
	return code;
}

static int
restore(const char *file, const char *what)
{
	struct config config = { 0 };
	struct error err = { 0 };
	int code = 0;

	if (config_load(&config, file, &err) < 0)
		code = 2;
	else if (daemon_restore(&config, what, &err) < 0)
		code = 1;
	if (code != 0)
		fprintf(stderr, "janusd: %s\n", err.text);
	config_done(&config);
	return code;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "take-over", no_argument, NULL, 'O' },
		{ "upgrade", no_argument, NULL, 'U' },
		{ "print", no_argument, NULL, 'T' },
		{ "restore", required_argument, NULL, 'R' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const char *file = NULL, *what = NULL;
	struct error err = { 0 };
	bool take_over = false, upgraded = false;
	int print = 0, opt;

	setlocale(LC_CTYPE, ""); /* numbers stay as they are written in files and logs */
	umask(0027); /* the database and the logs are nobody else's */
	while ((opt = getopt_long(argc, argv, "c:TVh", options, NULL)) != -1) {
		switch (opt) {
		case 'c': file = optarg; break;
		case 'O': take_over = true; break;
		case 'U': upgraded = true; break;
		case 'T': print = 1; break;
		case 'R': what = optarg; break;
		case 'V': printf("janusd %s\n", JANUS_VERSION); return 0;
		case 'h': fputs(usage, stdout); return 0;
		default: fputs(usage, stderr); return 2;
		}
	}
	if (optind != argc) {
		fprintf(stderr, "janusd: unexpected argument '%s'\n%s", argv[optind], usage);
		return 2;
	}
	if (take_over + upgraded + print + (what != NULL) > 1) {
		fprintf(stderr,
		    "janusd: --take-over, --upgrade, --print and --restore exclude one another\n");
		return 2;
	}
	if (upgraded)
		return upgrade(file);
	if (what != NULL)
		return restore(file, what);
	if (!print)
		return run(file, argv, take_over);
	if (config_print(stdout, file, &err) < 0) {
		fprintf(stderr, "janusd: %s\n", err.text);
		return 2;
	}
	return 0;
}
