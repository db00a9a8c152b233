/*
 * run_frames.c - what came over the wire while one item was asked, out of the evidence of its run.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "controlplane/api/frames_list.h"
#include "controlplane/api/handlers.h"
#include "controlplane/schedule/scheduler.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/gzip.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"

#define FRAMES_FILE "frames.jsonl.gz"
#define FRAMES_SEALED "frames.sealed"
#define PACKED_MAX (32 << 20)
#define TEXT_MAX ((size_t)64 << 20)
#define EXTENT_MAX 9007199254740992.0

struct looking {
	struct api_call *call;
	char run_id[NOUN_ID_MAX], dir[512];
	char *wanted; /* owned: the id of an attempt, or an item, whose last one is meant */
	cJSON *line; /* owned: what came of it */
	struct buf text; /* the answer */
	enum wire_code refused; /* CODE_INTERNAL: err says why; else why[] does */
	char why[200];
	struct error err;
	bool done;
};

static void
keep_line(const struct run_item *i, void *arg)
{
	struct looking *l = arg;
	cJSON *json = NULL;

	if ((!str_eq(i->id, l->wanted) && !str_eq(i->item, l->wanted)) || i->result == NULL ||
	    json_parse(i->result, strlen(i->result), &json, NULL) < 0)
		return;
	cJSON_Delete(l->line);
	l->line = json;
}

static int
refuse(struct looking *l, enum wire_code code, const char *why)
{
	l->refused = code;
	str_copy(l->why, sizeof(l->why), why);
	return -1;
}

/* Where they are, which is what its worker wrote; 0 bytes: it has none. */
static int
read_extent(struct looking *l, int64_t *at, int64_t *bytes)
{
	const cJSON *f = json_get(l->line, "frames");
	const double a = json_num(f, "at", 0), n = json_num(f, "bytes", 0);

	if (!(a >= 0 && a <= EXTENT_MAX && n >= 0 && n <= EXTENT_MAX) || a != floor(a) ||
	    n != floor(n))
		return refuse(l, CODE_INVALID_STATE, "What came of that item names no frames.");
	if (n > PACKED_MAX)
		return refuse(l, CODE_INVALID_STATE,
		    "Its frames are too many to be shown here: they are in the evidence of the "
		    "run.");
	*at = (int64_t)a;
	*bytes = (int64_t)n;
	return 0;
}

static int
open_frames(struct looking *l, int *fd)
{
	_cleanup_free_ char *path = str_printf("%s/" FRAMES_FILE, l->dir),
			    *sealed = str_printf("%s/" FRAMES_SEALED, l->dir);

	*fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*fd >= 0)
		return 0;
	if (errno != ENOENT)
		return error_errno(&l->err, "%s", path);
	return access(sealed, F_OK) == 0
	    ? refuse(
		  l, CODE_INVALID_STATE, "The suite of that run is sealed, and so are its frames.")
	    : refuse(l, CODE_RESOURCE_NOT_FOUND, "That run left no frames here.");
}

static int
read_frames(struct looking *l, struct buf *out)
{
	_cleanup_close_ int fd = -1;
	_cleanup_buf_ struct buf packed = { 0 };
	int64_t at, bytes;

	if (read_extent(l, &at, &bytes) < 0 || (bytes > 0 && open_frames(l, &fd) < 0))
		return -1;
	while ((int64_t)packed.len < bytes) {
		const size_t left = (size_t)bytes - packed.len;
		const ssize_t n =
		    pread(fd, buf_reserve(&packed, left), left, at + (int64_t)packed.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? error_errno(&l->err, "frames")
				     : refuse(l, CODE_INVALID_STATE, "Its frames are cut.");
		packed.len += (size_t)n;
	}
	if (bytes > 0 && gzip_unpack(packed.data, packed.len, TEXT_MAX, out, &l->err) < 0)
		return refuse(l, CODE_INVALID_STATE,
		    "Its frames cannot be read: they are damaged, or too many.");
	return 0;
}

static int
render(struct looking *l)
{
	_cleanup_buf_ struct buf text = { 0 }, list = { 0 };
	_cleanup_json_ cJSON *json = cJSON_CreateObject();
	struct frames_seen seen;

	if (read_frames(l, &text) < 0)
		return -1;
	if (frames_list(buf_str(&text), text.len, &list, &seen, &l->err) < 0)
		return refuse(
		    l, CODE_INVALID_STATE, "Its frames cannot be read: they are damaged.");
	json_add_str(json, "object", "run_frames");
	json_add_str(json, "run", l->run_id);
	json_add_text(json, "id", json_str(l->line, "id"));
	json_add_text(json, "item", json_str(l->line, "item"));
	json_add_int(json, "epoch", (int64_t)json_num(l->line, "epoch", 0));
	json_add_int(json, "attempt", (int64_t)json_num(l->line, "attempt", 0));
	json_add_int(json, "frames", (int64_t)seen.frames);
	json_add_int(json, "bytes", seen.bytes);
	json_add_bool(json, "is_cut", seen.is_cut);
	_cleanup_free_ char *head = json_print(json);
	buf_add(&l->text, head, strlen(head) - 1);
	buf_printf(&l->text, ",\"data\":[%s]}\n", buf_str(&list));
	return 0;
}

static void
look_work(void *arg)
{
	struct looking *l = arg;

	if (store_run_items(DEPS(l->call)->store, l->run_id, keep_line, l, &l->err) < 0)
		return;
	if (l->line == NULL)
		refuse(l, CODE_RESOURCE_NOT_FOUND, "There is no such item in that run.");
	else
		l->done = render(l) == 0;
}

static void
looked(void *arg)
{
	struct looking *l = arg;

	if (l->done)
		reply_made(l->call, 200, "application/json", &l->text);
	else if (l->why[0] != '\0')
		reply_code(l->call, l->refused, NULL, "%s", l->why);
	else
		reply_error(l->call, &l->err);
	buf_done(&l->text);
	cJSON_Delete(l->line);
	free(l->wanted);
	free(l);
}

void
run_item_frames(struct api_call *c)
{
	const struct run *r = run_find(c);
	struct looking *l;

	if (r == NULL)
		return;
	l = mem_zalloc(sizeof(*l));
	l->call = c;
	l->wanted = str_dup(route_param(&c->params, "item"));
	str_copy(l->run_id, sizeof(l->run_id), r->id);
	scheduler_dir(DEPS(c)->scheduler, r, l->dir);
	worker_run(DEPS(c)->workers, DEPS(c)->control, look_work, looked, l);
}
