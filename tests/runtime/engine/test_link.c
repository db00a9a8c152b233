/*
 * test_link.c - asking a link for sockets: a fake link in a thread, good and bad.
 */
#include "runtime/engine/link.h"

#include <check.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/engine/link_protocol.h"
#include "runtime/loop/loop.h"
#include "runtime/net/fdpass.h"
#include "tests/run.h"

enum manner { GOOD, REFUSES, NO_FD, GARBAGE, SILENT, HANGS_UP };

struct fake {
	char dir[32], path[64];
	enum manner manner;
	int door;
	atomic_bool stop;
	atomic_int asked;
	pthread_t thread;
};

static void
answer(struct fake *f, int client, char op)
{
	static const char refusal[5] = { LINK_FAILED, EMFILE };
	_cleanup_close_ int fd = op == LINK_OP_SOCKET ? socket(AF_INET, SOCK_STREAM, 0) : -1;

	atomic_fetch_add(&f->asked, 1);
	if (f->manner == REFUSES)
		fdpass_send(client, refusal, sizeof(refusal), -1);
	else if (f->manner == NO_FD)
		fdpass_send(client, "\0", 1, -1);
	else if (f->manner == GARBAGE)
		fdpass_send(client, "what?", 5, -1);
	else if (f->manner == GOOD)
		fdpass_send(
		    client, op == LINK_OP_PING ? "\0pong" : "\0", op == LINK_OP_PING ? 5 : 1, fd);
}

static void
serve_client(struct fake *f, int client)
{
	char op;
	int fd;

	while (!atomic_load(&f->stop)) {
		struct pollfd p = { .fd = client, .events = POLLIN };

		if (poll(&p, 1, 10) <= 0)
			continue;
		if (fdpass_recv(client, &op, 1, &fd) != 1 || f->manner == HANGS_UP)
			return;
		answer(f, client, op);
	}
}

static void *
serve(void *arg)
{
	struct fake *f = arg;

	while (!atomic_load(&f->stop)) {
		struct pollfd p = { .fd = f->door, .events = POLLIN };
		int client;

		if (poll(&p, 1, 10) <= 0 || (client = accept(f->door, NULL, NULL)) < 0)
			continue;
		serve_client(f, client);
		close(client);
	}
	return NULL;
}

static void
fake_start(struct fake *f, enum manner manner)
{
	struct error err = { 0 };

	*f = (struct fake){ .dir = "/tmp/janus-link-XXXXXX", .manner = manner };
	ck_assert_ptr_nonnull(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/link.sock", f->dir);
	f->door = fdpass_listen(f->path, 0600, &err);
	ck_assert_msg(f->door >= 0, "%s", err.text);
	ck_assert_int_eq(pthread_create(&f->thread, NULL, serve, f), 0);
}

static void
fake_stop(struct fake *f)
{
	atomic_store(&f->stop, true);
	pthread_join(f->thread, NULL);
	close(f->door);
	unlink(f->path);
	rmdir(f->dir);
}

static const struct {
	enum manner manner;
	enum error_kind kind;
} manners[] = {
	{ GOOD, ERROR_NONE },
	{ REFUSES, ERROR_UPSTREAM },
	{ NO_FD, ERROR_UPSTREAM },
	{ GARBAGE, ERROR_UPSTREAM },
	{ SILENT, ERROR_TIMEOUT },
	{ HANGS_UP, ERROR_UNAVAILABLE },
};

START_TEST(test_call)
{
	struct error err = { 0 };
	struct fake f;
	int fd = -1;

	fake_start(&f, manners[_i].manner);
	const int status = link_call(f.path, LINK_OP_SOCKET, &fd, NULL, &err);
	ck_assert_msg(err.kind == manners[_i].kind, "%s: %s", error_kind_name(err.kind), err.text);
	ck_assert_int_eq(status, manners[_i].manner == GOOD ? 0 : -1);
	ck_assert_int_eq(fd >= 0, manners[_i].manner == GOOD);
	if (fd >= 0)
		close(fd);
	if (manners[_i].manner == GOOD) {
		_cleanup_buf_ struct buf text = { 0 };

		ck_assert_int_eq(link_call(f.path, LINK_OP_PING, NULL, &text, &err), 0);
		ck_assert_str_eq(buf_str(&text), "pong");
	}
	fake_stop(&f);
}
END_TEST

/* --- on a loop --- */

struct asker {
	struct loop *loop;
	struct link *link;
	int got, failed, wanted;
	bool close_inside, inside;
	enum error_kind kind;
};

static void
on_fd(int fd, const struct error *err, void *arg)
{
	struct asker *a = arg;

	ck_assert(!a->inside);
	ck_assert_int_eq(fd >= 0, err == NULL);
	if (fd >= 0) {
		a->got++;
		close(fd);
	} else {
		a->failed++;
		a->kind = err->kind;
	}
	if (a->close_inside && a->link != NULL) {
		struct link *l = a->link;

		a->link = NULL;
		link_close(l);
	}
	if (a->got + a->failed == a->wanted)
		loop_stop(a->loop);
}

static struct link_request *
ask(struct asker *a)
{
	struct link_request *r;

	a->inside = true;
	r = link_socket(a->link, on_fd, a);
	a->inside = false;
	return r;
}

START_TEST(test_loop)
{
	struct asker a = { .wanted = 100 };
	struct fake f;

	fake_start(&f, manners[_i].manner);
	a.loop = loop_new(NULL);
	a.link = link_open(a.loop, f.path);
	for (int i = 0; i < 100; i++)
		ask(&a);
	loop_run(a.loop);
	ck_assert_int_eq(a.got, manners[_i].manner == GOOD ? 100 : 0);
	ck_assert_int_eq(a.kind, manners[_i].kind);
	link_close(a.link);
	loop_free(a.loop);
	fake_stop(&f);
}
END_TEST

START_TEST(test_loop_cancel_and_close)
{
	struct asker a = { .wanted = 2 }, none = { .wanted = -1 };
	struct link_request *r[4];
	struct fake f;

	fake_start(&f, GOOD);
	a.loop = none.loop = loop_new(NULL);
	a.link = none.link = link_open(a.loop, f.path);
	r[0] = ask(&a);
	r[1] = ask(&none);
	r[2] = ask(&none);
	r[3] = ask(&a);
	link_cancel(r[1]);
	link_cancel(r[2]);
	loop_run(a.loop);
	ck_assert_int_eq(a.got, 2);
	/* Connected now: asked at once, cancelled on its way; its descriptor must not leak. */
	a.wanted = 3;
	link_cancel(ask(&none));
	ask(&a);
	loop_run(a.loop);
	ck_assert_int_eq(a.got, 3);
	ask(&a);
	a.wanted = 5;
	ask(&a);
	link_close(a.link);
	ck_assert_int_eq(a.failed, 2);
	ck_assert_int_eq(a.kind, ERROR_CANCELLED);
	ck_assert_int_eq(none.got + none.failed, 0);
	loop_free(a.loop);
	fake_stop(&f);
}
END_TEST

START_TEST(test_loop_close_inside)
{
	struct asker a = { .wanted = 5, .close_inside = true };
	struct fake f;

	fake_start(&f, _i == 0 ? GOOD : HANGS_UP);
	a.loop = loop_new(NULL);
	a.link = link_open(a.loop, f.path);
	for (int i = 0; i < 5; i++)
		ask(&a);
	loop_run(a.loop);
	ck_assert_int_eq(a.got, _i == 0 ? 1 : 0);
	ck_assert_int_eq(a.failed, _i == 0 ? 4 : 5);
	loop_free(a.loop);
	fake_stop(&f);
}
END_TEST

START_TEST(test_nobody_there)
{
	struct asker a = { .wanted = 1 };
	struct error err = { 0 };

	ck_assert_int_eq(link_call("/tmp/no-such-link.sock", LINK_OP_PING, NULL, NULL, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_UNAVAILABLE);
	a.loop = loop_new(NULL);
	a.link = link_open(a.loop, "/tmp/no-such-link.sock");
	ask(&a);
	loop_run(a.loop);
	ck_assert_int_eq(a.kind, ERROR_UNAVAILABLE);
	link_close(a.link);
	loop_free(a.loop);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("link");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 20);
	tcase_add_loop_test(tc, test_call, 0, (int)ARRAY_LEN(manners));
	tcase_add_loop_test(tc, test_loop, 0, (int)ARRAY_LEN(manners));
	tcase_add_test(tc, test_loop_cancel_and_close);
	tcase_add_loop_test(tc, test_loop_close_inside, 0, 2);
	tcase_add_test(tc, test_nobody_there);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
