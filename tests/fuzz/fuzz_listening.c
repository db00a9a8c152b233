/*
 * fuzz_listening.c - any text as /proc/net/tcp: what comes out is addresses, and not more than rows.
 *
 * The table is the kernel's, but the pod holds the link that passes it on.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/supervise/evidence.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *table = str_ndup((const char *)data, size);
	_cleanup_buf_ struct buf out = { 0 };
	size_t rows = 1, addresses = 0;

	listening_from_table(table, &out);
	for (const char *p = table; *p != '\0'; p++)
		rows += *p == '\n';
	for (const char *p = buf_str(&out); *p != '\0'; p++) {
		addresses += *p == ',';
		if (!isxdigit((unsigned char)*p) && strchr("[]:., ", *p) == NULL)
			abort();
	}
	addresses += out.len != 0;
	if (addresses > rows)
		abort();
	return 0;
}
