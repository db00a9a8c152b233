/*
 * main.c - janusctl, the client of the daemon: janusctl(1).
 */
#include "controlplane/ctl/ctl.h"

int
main(int argc, char **argv)
{
	return ctl_run(argc, argv);
}
