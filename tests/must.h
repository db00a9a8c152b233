/*
 * must.h - an assertion for long loops: libcheck's own write to their parent each time they pass.
 */
#ifndef JANUS_TESTS_MUST_H
#define JANUS_TESTS_MUST_H
#include <check.h>

#define must(x)                                 \
	do {                                    \
		if (!(x))                       \
			ck_abort_msg("%s", #x); \
	} while (0)
#endif
