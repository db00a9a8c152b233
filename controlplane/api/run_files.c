/*
 * run_files.c - what a run left: its items, its report, its evidence, what its worker wrote.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "controlplane/api/handlers.h"
#include "controlplane/api/send_bundle.h"
#include "controlplane/schedule/scheduler.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"

#define LOG_MAX ((size_t)4 << 20)
#define TAIL_DEFAULT 100
#define TAIL_MAX 100000

/* ---- items ---- */

struct listing {
	struct api_call *call;
	char run_id[NOUN_ID_MAX];
	char *after; /* owned; NULL: from the first */
	bool begun; /* the one it is to come after was seen */
	int limit, seen;
	cJSON *data;
	struct error err;
	int rc;
};

static void
add_item(const struct run_item *i, void *arg)
{
	struct listing *l = arg;
	cJSON *json = NULL;

	if (!l->begun) {
		l->begun = str_eq(i->id, l->after);
		return;
	}
	if (++l->seen >= l->limit) /* the one that only says that there are more */
		return;
	if (i->result != NULL && json_parse(i->result, strlen(i->result), &json, NULL) == 0)
		cJSON_AddItemToArray(l->data, json);
}

static void
list_work(void *arg)
{
	struct listing *l = arg;

	l->rc = store_run_items(DEPS(l->call)->store, l->run_id, add_item, l, &l->err);
}

static void
list_done(void *arg)
{
	struct listing *l = arg;

	if (l->rc < 0)
		reply_error(l->call, &l->err);
	else if (!l->begun)
		reply_code(l->call, CODE_INVALID_VALUE, "after",
		    "There is no item '%.40s' in that run.", l->after);
	else
		list_reply_rows(l->call, TAKE(l->data), l->seen >= l->limit);
	cJSON_Delete(l->data);
	free(l->after);
	free(l);
}

void
run_items(struct api_call *c)
{
	const struct run *r = run_find(c);
	const int limit = r != NULL ? list_limit(c) : 0;
	struct listing *l;

	if (limit == 0)
		return;
	l = mem_zalloc(sizeof(*l));
	l->call = c;
	l->limit = limit;
	l->after = call_query(c, "after");
	l->begun = l->after == NULL;
	l->data = cJSON_CreateArray();
	str_copy(l->run_id, sizeof(l->run_id), r->id);
	worker_run(DEPS(c)->workers, DEPS(c)->control, list_work, list_done, l);
}

/* ---- the report ---- */

void
run_report(struct api_call *c)
{
	const struct run *r = run_find(c);
	cJSON *json = NULL;

	if (r == NULL)
		return;
	if (r->report == NULL || json_parse(r->report, strlen(r->report), &json, NULL) < 0)
		reply_code(c, CODE_INVALID_STATE, NULL,
		    run_is_final(r->state) ? "Run %s left no report."
					   : "Run %s is not at its end: its report comes then.",
		    r->id);
	else
		reply_json(c, 200, json);
}

/* ---- what its worker wrote ---- */

struct reading {
	struct api_call *call;
	char path[512];
	int64_t tail;
	struct buf lines;
};

static void
add_lines(struct reading *r, const char *text, size_t len)
{
	const char *end = text + len, *from = end;
	int64_t n = 0;

	/* Back from the end, by so many lines. */
	while (from > text && n <= r->tail)
		if (*--from == '\n' && from + 1 < end)
			n++;
	if (n > r->tail)
		from++;
	for (const char *next; from < end; from = next) {
		next = memchr(from, '\n', (size_t)(end - from));
		buf_add_str(&r->lines, "{\"ts\":\"\",\"stream\":\"stderr\",\"text\":");
		json_add_quoted(&r->lines, from, (size_t)((next != NULL ? next : end) - from));
		buf_add_str(&r->lines, "}\n");
		next = next != NULL ? next + 1 : end;
	}
}

static void
read_log(void *arg)
{
	struct reading *r = arg;
	_cleanup_free_ char *text = NULL;
	size_t len = 0;

	if (r->tail > 0 && file_read(r->path, LOG_MAX, &text, &len, NULL) == 0)
		add_lines(r, text, len);
}

static void
log_read(void *arg)
{
	struct reading *r = arg;

	reply_made(r->call, 200, "application/jsonl; charset=utf-8", &r->lines);
	free(r);
}

void
run_logs(struct api_call *c)
{
	const struct run *run = run_find(c);
	_cleanup_free_ char *tail = call_query(c, "tail");
	int64_t n = TAIL_DEFAULT;
	struct error err = { 0 };
	struct reading *r;

	if (run == NULL)
		return;
	if (tail != NULL && str_parse_int(tail, 0, TAIL_MAX, &n, &err) < 0) {
		reply_code(c, CODE_INVALID_VALUE, "tail", "tail: %s", err.text);
		return;
	}
	r = mem_zalloc(sizeof(*r));
	r->call = c;
	r->tail = n;
	scheduler_log(DEPS(c)->scheduler, run, r->path);
	worker_run(DEPS(c)->workers, DEPS(c)->control, read_log, log_read, r);
}

/* ---- evidence ---- */

struct packing {
	struct api_call *call;
	char dir[512], state_dir[512];
	int fd; /* the archive, a file without a name; -1 */
	struct error err;
};

static void
packing_free(void *arg)
{
	struct packing *p = arg;

	if (p->fd >= 0)
		close(p->fd);
	free(p);
}

static int
pack(struct packing *p, struct error *err)
{
	_cleanup_bundle_writer_ struct bundle_writer *w = NULL;
	_cleanup_close_ int dir = open(p->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return error_set(err, ERROR_NOT_FOUND, "That run left no evidence here.");
	p->fd = open(p->state_dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (p->fd < 0)
		return error_errno(err, "%s", p->state_dir);
	w = bundle_writer_new(BUNDLE_TAR_GZ, bundle_to_fd, &p->fd);
	if (bundle_add_tree(w, dir, &bundle_limits_default, err) < 0 || bundle_end(w, err) < 0)
		return -1;
	return lseek(p->fd, 0, SEEK_SET) == 0 ? 0 : error_errno(err, "evidence");
}

static void
pack_work(void *arg)
{
	struct packing *p = arg;

	if (pack(p, &p->err) == 0)
		p->err.kind = ERROR_NONE;
}

static int
more(void *arg, struct buf *out, size_t enough, struct error *err)
{
	struct packing *p = arg;
	char bytes[65536];
	ssize_t n = 1;

	for (size_t got = 0; got < enough && n > 0; got += (size_t)n) {
		n = read(p->fd, bytes, sizeof(bytes));
		if (n < 0)
			return error_errno(err, "evidence");
		buf_add(out, bytes, (size_t)n);
	}
	return n > 0;
}

static void
packed(void *arg)
{
	struct packing *p = arg;

	if (p->err.kind != ERROR_NONE) {
		reply_error(p->call, &p->err);
		packing_free(p);
	} else {
		send_pieces(p->call, "application/gzip", more, packing_free, p);
	}
}

void
run_evidence(struct api_call *c)
{
	const struct run *r = run_find(c);
	struct packing *p;

	if (r == NULL)
		return;
	if (!run_is_final(r->state)) {
		reply_code(c, CODE_INVALID_STATE, NULL,
		    "Run %s is not at its end: its evidence is complete then.", r->id);
		return;
	}
	if (strcmp(c->method, "HEAD") == 0) {
		reply_begin(c, "application/gzip");
		reply_end(c);
		return;
	}
	p = mem_zalloc(sizeof(*p));
	p->call = c;
	p->fd = -1;
	scheduler_dir(DEPS(c)->scheduler, r, p->dir);
	str_copy(p->state_dir, sizeof(p->state_dir), DEPS(c)->state_dir);
	worker_run(DEPS(c)->workers, DEPS(c)->control, pack_work, packed, p);
}
