/*
 * frames_list.c - recorded frames as the elements of a JSON array, not more of them than an answer can have.
 */
#include "controlplane/api/frames_list.h"

#include <math.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

/* How many bytes so many digits of base64 are. */
static size_t
plain_size(const char *base64)
{
	const size_t len = strlen(base64), padding = len - strcspn(base64, "=");

	return len / 4 * 3 - (padding < 3 ? padding : 2);
}

static int
add_frame(const cJSON *f, struct buf *out, struct frames_seen *seen, struct error *err)
{
	const char *kind = json_str(f, "kind"), *bytes = json_str(f, "bytes"),
		   *base64 = json_str(f, "base64"), *shown = bytes != NULL ? bytes : base64;
	const double turn = json_num(f, "turn", -1), t_ms = json_num(f, "t_ms", -1);

	if (kind == NULL || (bytes == NULL) == (base64 == NULL) ||
	    !(turn >= 0 && turn <= 1e6 && turn == floor(turn)) || !(t_ms >= 0 && t_ms <= 1e12))
		return error_set(err, ERROR_INVALID, "it is no frame");
	const size_t size = bytes != NULL ? strlen(bytes) : plain_size(base64);
	const bool fits = (uint64_t)seen->bytes + size <= FRAMES_LIST_BYTES_MAX;

	seen->bytes += (int64_t)size;
	seen->is_cut |= !fits || seen->frames >= FRAMES_LIST_MAX;
	if (seen->frames++ >= FRAMES_LIST_MAX)
		return 0;
	buf_printf(out, "%s{\"turn\":%d,\"t_ms\":%.3f,\"kind\":", seen->frames > 1 ? "," : "",
	    (int)turn, t_ms);
	json_add_quoted(out, kind, strlen(kind));
	buf_printf(out, ",\"size\":%zu", size);
	if (fits) {
		buf_printf(out, ",\"%s\":", bytes != NULL ? "bytes" : "base64");
		json_add_quoted(out, shown, strlen(shown));
	}
	buf_add_char(out, '}');
	return 0;
}

int
frames_list(
    const char *text, size_t len, struct buf *out, struct frames_seen *seen, struct error *err)
{
	*seen = (struct frames_seen){ 0 };
	for (size_t at = 0, line = 1; at < len; line++) {
		const char *end = memchr(text + at, '\n', len - at);
		_cleanup_json_ cJSON *json = NULL;

		if (end == NULL)
			return error_set(err, ERROR_INVALID, "line %zu: it is cut", line);
		const size_t n = (size_t)(end - text) - at;
		if (json_parse(text + at, n, &json, err) < 0 || add_frame(json, out, seen, err) < 0)
			return error_add(err, "line %zu", line);
		at += n + 1;
	}
	return 0;
}
