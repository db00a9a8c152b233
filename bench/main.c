/*
 * main.c - janus-bench, the harness: janus-bench(1).
 */
#include "bench/cli.h"

int
main(int argc, char **argv)
{
	return bench_run(argc, argv);
}
