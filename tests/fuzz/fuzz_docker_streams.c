/*
 * fuzz_docker_streams.c - what an engine streams, cut in two places, gives the same as in one piece,
 * and nothing that it says breaks a reader.
 *
 * The first byte chooses the stream, the second where it is cut.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/engine/docker/docker.h"
#include "runtime/engine/oom_log.h"
#include "runtime/engine/registry_ask.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static int
on_log(const struct log_line *line, void *arg)
{
	assert(line->len <= LOG_LINE_MAX_BYTES);
	buf_add(arg, line->text, line->len);
	buf_add_char(arg, line->is_stderr ? 'E' : 'O');
	return 0;
}

static void
logs(const char *text, size_t len, size_t cut, struct buf *out)
{
	struct log_frames f = { 0 };

	if (log_frames_feed(&f, text, cut, on_log, out) == 0)
		log_frames_feed(&f, text + cut, len - cut, on_log, out);
	log_frames_done(&f);
}

static int
on_line(const char *line, size_t len, void *arg)
{
	struct engine_event event;

	assert(line[len] == '\0' && memchr(line, '\n', len) == NULL);
	buf_add(arg, line, len);
	buf_add_char(arg, '\n');
	if (event_parse(line, len, &event) == 0)
		assert(instance_check(event.instance, NULL) == 0);
	return 0;
}

static void
lines(const char *text, size_t len, size_t cut, struct buf *out)
{
	struct lines l = { .max_bytes = 128 };

	lines_feed(&l, text, cut, on_line, out);
	lines_feed(&l, text + cut, len - cut, on_line, out);
	lines_end(&l, on_line, out);
	lines_done(&l);
}

static int
on_pull(const char *line, size_t len, void *arg)
{
	struct pull_state *s = arg;

	pull_line(s, line, len);
	assert(s->progress.bytes >= 0);
	pull_moves(s, s->moved_ms + 10, 1000);
	return 0;
}

/* What a registry answers us, past the engine. */
static void
registry(const char *text, size_t len)
{
	struct image_size size = { 0 };
	char child[DIGEST_MAX] = "", url[300];
	char *header = str_ndup(text, len);

	switch (manifest_size(text, len, "amd64", &size, child)) {
	case 0: assert(size.bytes >= 0); break;
	case 1: assert(str_starts(child, "sha256:")); break;
	default: assert(size.bytes == 0 && child[0] == '\0');
	}
	if (bearer_url(header, url, sizeof(url)))
		assert(strpbrk(url, "\r\n \"") == NULL);
	free(header);
}

static void
answers(const char *text, size_t len)
{
	struct lines l = { .max_bytes = 4096 };
	struct pull_state s = { 0 };
	char message[ENGINE_TEXT_MAX];
	struct error err;
	cJSON *json = NULL;

	lines_feed(&l, text, len, on_pull, &s);
	lines_done(&l);
	pull_state_done(&s);
	docker_message(text, len, message);
	init_exec_code(text, len);
	oom_log_line(text, len, "aa4a97c212327c11");
	registry_refusal(&err, 500, message, "h/m:v1");
	if (json_parse(text, len, &json, NULL) == 0) {
		struct container *list = NULL;
		struct image_info image = { 0 };
		struct pod_state state = { 0 };
		struct dialect dialect;
		size_t n = 0;

		if (containers_parse(json, "n1", NULL, &list, &n, NULL) == 0)
			free(list);
		if (image_parse(json, &image, NULL) == 0)
			image_info_done(&image);
		pod_state_parse(json, &state);
		dialect_parse(json, &dialect, NULL);
		const struct pod_spec spec = { .instance = "ins_1", .node = "n1" };
		const struct pod_place place = { .seccomp = "{}", .link_id = "abc" };
		cJSON *asked = competitor_json(&spec, &place);

		readback_check(asked, json, false, NULL);
		readback_check(asked, json, true, NULL);
		cJSON_Delete(asked);
		cJSON_Delete(json);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct buf whole = { 0 }, parts = { 0 };

	if (len < 2)
		return 0;
	const char *text = (const char *)bytes + 2;
	const size_t n = len - 2, cut = n > 0 ? bytes[1] % (n + 1) : 0;
	if (bytes[0] % 3 == 0) {
		logs(text, n, 0, &whole);
		logs(text, n, cut, &parts);
	} else if (bytes[0] % 3 == 1) {
		lines(text, n, 0, &whole);
		lines(text, n, cut, &parts);
	} else {
		answers(text, n);
		registry(text, n);
	}
	assert(whole.len == parts.len && memcmp(buf_str(&whole), buf_str(&parts), whole.len) == 0);
	buf_done(&whole);
	buf_done(&parts);
	return 0;
}
