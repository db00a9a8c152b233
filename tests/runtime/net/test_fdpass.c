/*
 * test_fdpass.c - packets and descriptors, and packets that are not as agreed.
 */
#include "runtime/net/fdpass.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "tests/run.h"

static int pair[2];
static char path[64];

static void
setup(void)
{
	ck_assert_int_eq(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
	snprintf(path, sizeof(path), "/tmp/test_fdpass.%d", (int)getpid());
	unlink(path);
}

static void
teardown(void)
{
	close(pair[0]);
	close(pair[1]);
	unlink(path);
}

static int
open_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

static void
send_many(int sock, const int *fds, size_t n)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(64 * sizeof(int))] = { 0 };
	struct iovec part = { .iov_base = "x", .iov_len = 1 };
	struct msghdr message = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = CMSG_SPACE(n * sizeof(int)) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	ck_assert_int_eq(sendmsg(sock, &message, 0), 1);
}

START_TEST(test_packets)
{
	char in[16];
	int fd = 7;

	ck_assert_int_eq(fdpass_send(pair[0], "one", 3, -1), 0);
	ck_assert_int_eq(fdpass_send(pair[0], "second", 6, -1), 0);
	ck_assert_int_eq(fdpass_recv(pair[1], in, sizeof(in), &fd), 3);
	ck_assert_mem_eq(in, "one", 3);
	ck_assert_int_eq(fd, -1);
	ck_assert_int_eq(fdpass_recv(pair[1], in, 6, &fd), 6);
	ck_assert_int_eq(fdpass_recv(pair[1], in, sizeof(in), &fd), -1);
	ck_assert_int_eq(errno, EAGAIN);
	shutdown(pair[0], SHUT_WR);
	ck_assert_int_eq(fdpass_recv(pair[1], in, sizeof(in), &fd), 0);
}
END_TEST

START_TEST(test_descriptor)
{
	int pipe_fds[2], fd = -1;
	char in[16];

	ck_assert_int_eq(pipe(pipe_fds), 0);
	ck_assert_int_eq(fdpass_send(pair[0], "fd", 2, pipe_fds[1]), 0);
	ck_assert_int_eq(fdpass_recv(pair[1], in, sizeof(in), &fd), 2);
	ck_assert_int_ge(fd, 0);
	ck_assert((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	ck_assert_int_eq(write(fd, "hi", 2), 2);
	ck_assert_int_eq(read(pipe_fds[0], in, sizeof(in)), 2);
	close(fd);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}
END_TEST

static const struct {
	const char *name;
	size_t descriptors, cap;
} bad[] = {
	{ "two descriptors", 2, 16 },
	{ "more than there is room for", 40, 16 },
	{ "data cut", 1, 0 },
};

START_TEST(test_bad)
{
	const int before = open_descriptors();
	int fds[64], fd = 7;
	char in[16];

	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = pair[0];
	send_many(pair[0], fds, bad[_i].descriptors);
	ck_assert_msg(fdpass_recv(pair[1], in, bad[_i].cap, &fd) == -1, "%s", bad[_i].name);
	ck_assert_int_eq(errno, EBADMSG);
	ck_assert_int_eq(fd, -1);
	ck_assert_int_eq(open_descriptors(), before);
}
END_TEST

START_TEST(test_no_room) /* [M03] none is free for the one that comes: that is ours */
{
	struct rlimit was;
	int fd = 7;
	char in[16];

	ck_assert_int_eq(fdpass_send(pair[0], "x", 1, pair[0]), 0);
	ck_assert_int_eq(fdpass_send(pair[0], "y", 1, pair[0]), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &was), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 3, was.rlim_max }), 0);
	ck_assert_int_eq(fdpass_recv(pair[1], in, sizeof(in), &fd), -1);
	ck_assert_int_eq(errno, EMFILE);
	ck_assert_int_eq(fd, -1);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &was), 0);
	ck_assert_int_eq(fdpass_recv(pair[1], in, sizeof(in), &fd), 1);
	ck_assert_int_eq(in[0], 'y');
	close(fd);
}
END_TEST

START_TEST(test_send_to_nobody)
{
	close(pair[1]);
	ck_assert_int_eq(fdpass_send(pair[0], "x", 1, -1), -1);
	ck_assert_int_eq(errno, EPIPE);
	pair[1] = -1;
}
END_TEST

START_TEST(test_listen) /* [L12] a socket is replaced only if nobody answers there */
{
	struct error err = { 0 };
	struct stat st;
	int fd;
	char in[4];

	ck_assert_int_eq(fdpass_connect(path, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);

	int server = fdpass_listen(path, 0640, &err);
	ck_assert_msg(server >= 0, "%s", err.text);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0640);
	ck_assert_int_eq(fdpass_listen(path, 0640, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	close(accept(server, NULL, NULL)); /* the question whether somebody is there */

	const int client = fdpass_connect(path, &err);
	ck_assert_msg(client >= 0, "%s", err.text);
	const int accepted = accept(server, NULL, NULL);
	ck_assert_int_eq(fdpass_send(client, "hi", 2, -1), 0);
	ck_assert_int_eq(fdpass_recv(accepted, in, sizeof(in), &fd), 2);
	close(accepted);
	close(client);

	/* A socket that a dead process left is replaced. */
	close(server);
	ck_assert_int_eq(fdpass_connect(path, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_UNAVAILABLE);
	server = fdpass_listen(path, 0600, &err);
	ck_assert_msg(server >= 0, "%s", err.text);
	close(server);
}
END_TEST

START_TEST(test_listen_spares_files) /* [L12] a file or a link there, a path too long */
{
	struct error err = { 0 };
	char too_long[200];

	close(open(path, O_CREAT | O_WRONLY, 0600));
	ck_assert_int_eq(fdpass_listen(path, 0600, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	ck_assert_int_eq(access(path, F_OK), 0);
	unlink(path);
	ck_assert_int_eq(symlink("/tmp/nowhere/at/all.sock", path), 0);
	ck_assert_int_eq(fdpass_listen(path, 0600, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	memset(too_long, 'a', sizeof(too_long));
	too_long[sizeof(too_long) - 1] = '\0';
	ck_assert_int_eq(fdpass_listen(too_long, 0600, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_INVALID);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("fdpass");
	TCase *tcase = tcase_create("fdpass");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_packets);
	tcase_add_test(tcase, test_descriptor);
	tcase_add_loop_test(tcase, test_bad, 0, (int)ARRAY_LEN(bad));
	tcase_add_test(tcase, test_no_room);
	tcase_add_test(tcase, test_send_to_nobody);
	tcase_add_test(tcase, test_listen);
	tcase_add_test(tcase, test_listen_spares_files);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
