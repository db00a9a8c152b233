/*
 * artifact.c - an artifact's bytes, to a file or to standard output.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "controlplane/ctl/client.h"
#include "controlplane/ctl/commands.h"
#include "controlplane/ctl/failure.h"
#include "controlplane/ctl/output.h"
#include "controlplane/ctl/refs.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define STALL_MS 30000

struct copy {
	FILE *to;
	int64_t bytes;
};

static int
on_data(const char *bytes, size_t len, void *arg)
{
	struct copy *copy = arg;

	copy->bytes += (int64_t)len;
	return fwrite(bytes, 1, len, copy->to) == len && !ctl_interrupted() ? 0 : -1;
}

/* The path of a link that is good for whoever asks; "" if the answer holds none. */
static int
get_link(struct ctl *ctl, struct buf *path, struct ctl_failure *f)
{
	_cleanup_buf_ struct buf ask = { 0 };
	_cleanup_json_ cJSON *link = NULL;

	ctl_ref_path(&ask, "artifact", ctl->words[0], "link");
	const struct ctl_call call = { .method = "POST", .path = buf_str(&ask) };
	if (ctl_ask(ctl, &call, &link, f) < 0)
		return -1;
	const char *url = json_str(link, "url");
	const char *at = url != NULL ? strstr(url, "/v1/artifacts/") : NULL;
	if (at == NULL)
		return ctl_fail(
		    f, CTL_UNREACHABLE, "bad_response", "the daemon's answer is not a link");
	buf_add_str(path, at);
	return 0;
}

int
ctl_export_artifact(struct ctl *ctl)
{
	const char *file = ctl->words_len > 1 && !str_eq(ctl->words[1], "-") ? ctl->words[1] : NULL;
	_cleanup_buf_ struct buf path = { 0 };
	struct copy copy = { .to = stdout };
	struct ctl_failure f = { 0 };
	struct error err = { 0 };
	_cleanup_fclose_ FILE *opened = NULL;

	if (ctl_ref_check("artifact", ctl->words[0], &err) < 0)
		return ctl_misuse(ctl, "%s", err.text);
	if (get_link(ctl, &path, &f) < 0)
		return ctl_complain(ctl, &f);
	if (file != NULL) {
		const int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

		opened = fd >= 0 ? fdopen(fd, "w") : NULL;
		if (opened == NULL)
			return ctl_misuse(ctl, "%s: %s", file, strerror(errno));
		copy.to = opened;
	}
	ctl_catch_interrupt();
	const struct ctl_call call = { .method = "GET",
		.path = buf_str(&path),
		.total_ms = -1,
		.stall_ms = STALL_MS,
		.on_data = on_data,
		.arg = &copy };
	if (ctl_ask(ctl, &call, NULL, &f) < 0 || fflush(copy.to) != 0) {
		if (file != NULL)
			unlink(file); /* half of it is none of it */
		return f.exit_code != 0
		    ? ctl_complain(ctl, &f)
		    : ctl_misuse(ctl, "%s: %s", file != NULL ? file : "output", strerror(errno));
	}
	if (file != NULL)
		ctl_note(ctl, "%s: %lld bytes", file, (long long)copy.bytes);
	return CTL_OK;
}
