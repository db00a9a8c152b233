/*
 * fuzz_schedule.c - five fields, a NUL and the file of a time zone: refused, or ticks that only go forward.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/schedule/cron.h"
#include "controlplane/schedule/zone.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define BEGIN INT64_C(1700000000)

static void
check_zone(const struct zone *z)
{
	int64_t last = zone_instant(z, BEGIN - 86400);

	for (int64_t local = BEGIN; local < BEGIN + 40 * 86400; local += 3 * 3600 + 7) {
		const int64_t at = zone_instant(z, local), offset = zone_offset(z, at);

		assert(at >= last);
		assert(offset <= 26 * 3600 && offset >= -26 * 3600);
		assert(at + offset >= local); /* or later, where clocks leapt */
		last = at;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const uint8_t *end = len > 0 ? memchr(bytes, 0, len) : NULL;
	const size_t text_len = end != NULL ? (size_t)(end - bytes) : len;
	char *text = str_ndup((const char *)bytes, text_len);
	struct error err = { 0 };
	struct zone *z = NULL;
	struct cron c;

	if (end != NULL)
		z = zone_parse((const char *)end + 1, len - text_len - 1, &err);
	if (end != NULL && z == NULL)
		assert(err.kind == ERROR_INVALID);
	if (z != NULL)
		check_zone(z);
	if (cron_parse(text, &c, &err) < 0) {
		assert(err.kind == ERROR_INVALID && err.text[0] != '\0');
	} else if (z != NULL) {
		const int64_t first = cron_next(&c, z, BEGIN);

		assert(first > BEGIN);
		assert(first == INT64_MAX || cron_next(&c, z, first) > first);
	}
	zone_free(z);
	free(text);
	return 0;
}
