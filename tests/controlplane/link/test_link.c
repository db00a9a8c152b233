/*
 * test_link.c - janus-link over its socket, as the daemon and worse callers use it.
 *
 * Every test starts a link of its own, in a network namespace of its own where
 * the machine allows that: then a descriptor that works proves that sockets
 * belong to the link's namespace, and port 8600 is free whatever else runs.
 */
#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/engine/link_protocol.h"
#include "tests/run.h"

static char dir[64], path[96];
static pid_t link_pid;

struct reply {
	ssize_t len;
	int fd;
	char bytes[LINK_REPLY_MAX_BYTES + 1];
};

static void
own_network(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };

	if (unshare(CLONE_NEWNET) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return;
	ioctl(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), SIOCSIFFLAGS, &lo);
}

static void
start(void)
{
	const char *bin = getenv("BIN");
	char program[256];

	snprintf(program, sizeof(program), "%s/janus-link", bin ? bin : "build/bin");
	snprintf(dir, sizeof(dir), "/tmp/janus-test-link-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/link.sock", dir);
	link_pid = fork();
	if (link_pid == 0) {
		own_network();
		execl(program, program, path, NULL);
		_exit(127);
	}
	for (int i = 0; i < 60000 && access(path, F_OK) < 0; i++)
		poll(NULL, 0, 1);
	ck_assert_msg(access(path, F_OK) == 0, "%s did not open %s", program, path);
}

static void
stop(void)
{
	char temporary[128];

	kill(link_pid, SIGKILL);
	waitpid(link_pid, NULL, 0);
	snprintf(temporary, sizeof(temporary), "%s.new", path);
	unlink(temporary);
	unlink(path);
	rmdir(dir);
}

/* Connected to the link; -1 if refused. */
static int
dial(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	const struct timeval patience = { .tv_sec = 2 };
	const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	ck_assert_int_ge(fd, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0)
		return fd;
	close(fd);
	return -1;
}

static struct reply
receive(int client)
{
	struct reply r = { .fd = -1 };
	struct iovec iov = { r.bytes, sizeof(r.bytes) };
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(4 * sizeof(int))];
	} control;
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *c;

	r.len = recvmsg(client, &msg, MSG_CMSG_CLOEXEC);
	ck_assert_int_eq(msg.msg_flags & (MSG_CTRUNC | MSG_TRUNC), 0);
	c = r.len < 0 ? NULL : CMSG_FIRSTHDR(&msg);
	if (c != NULL) {
		ck_assert_int_eq(c->cmsg_type, SCM_RIGHTS);
		ck_assert_uint_eq(c->cmsg_len, CMSG_LEN(sizeof(int)));
		memcpy(&r.fd, CMSG_DATA(c), sizeof(r.fd));
	}
	return r;
}

static struct reply
ask(int client, const char *request, size_t len)
{
	ck_assert_int_eq(send(client, request, len, MSG_NOSIGNAL), (ssize_t)len);
	return receive(client);
}

static struct reply
ask_op(char op)
{
	const int client = dial();
	struct reply r;

	ck_assert_int_ge(client, 0);
	r = ask(client, &op, 1);
	close(client);
	return r;
}

static void
assert_failure(const struct reply *r, int error)
{
	const unsigned char *b = (const unsigned char *)r->bytes;

	ck_assert_int_eq(r->len, LINK_FAILURE_BYTES);
	ck_assert_int_eq(b[0], LINK_FAILED);
	ck_assert_int_eq(b[1] | b[2] << 8 | b[3] << 16 | b[4] << 24, error);
	ck_assert_int_eq(r->fd, -1);
}

static void
assert_text(struct reply *r, const char *contains, size_t max)
{
	ck_assert_int_gt(r->len, 1);
	ck_assert_uint_le((size_t)r->len, 1 + max);
	ck_assert_int_eq(r->bytes[0], LINK_OK);
	ck_assert_int_eq(r->fd, -1);
	r->bytes[r->len] = '\0';
	ck_assert_msg(
	    strstr(r->bytes + 1, contains) != NULL, "no %s in %s", contains, r->bytes + 1);
}

static int
option(int fd, int level, int name)
{
	socklen_t len = sizeof(int);
	int value = -1;

	ck_assert_int_eq(getsockopt(fd, level, name, &value, &len), 0);
	return value;
}

START_TEST(test_socket_file)
{
	char temporary[128];
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert(S_ISSOCK(st.st_mode));
	ck_assert_uint_eq(st.st_mode & 0777, 0700);
	snprintf(temporary, sizeof(temporary), "%s.new", path);
	ck_assert_int_lt(stat(temporary, &st), 0);
}
END_TEST

START_TEST(test_ping)
{
	struct reply r = ask_op(LINK_OP_PING);

	assert_text(&r, LINK_VERSION, strlen(LINK_VERSION));
}
END_TEST

START_TEST(test_counters)
{
	struct reply r = ask_op(LINK_OP_COUNTERS);

	assert_text(&r, "OutNoRoutes", LINK_COUNTERS_MAX_BYTES);
	ck_assert_int_eq(r.bytes[r.len - 1], '\n');
}
END_TEST

START_TEST(test_table_shows_the_listener)
{
	struct reply r = ask_op(LINK_OP_TABLE);

	assert_text(&r, "0100007F:2198", LINK_TABLE_MAX_BYTES);
}
END_TEST

START_TEST(test_socket_is_fresh)
{
	const struct reply r = ask_op(LINK_OP_SOCKET);
	struct sockaddr_in at = { 0 };
	socklen_t len = sizeof(at);

	ck_assert_int_eq(r.len, 1);
	ck_assert_int_ge(r.fd, 0);
	ck_assert_int_eq(option(r.fd, SOL_SOCKET, SO_DOMAIN), AF_INET);
	ck_assert_int_eq(option(r.fd, SOL_SOCKET, SO_TYPE), SOCK_STREAM);
	ck_assert_int_eq(option(r.fd, SOL_SOCKET, SO_ACCEPTCONN), 0);
	ck_assert_int_ne(option(r.fd, IPPROTO_TCP, TCP_NODELAY), 0);
	ck_assert_int_ne(fcntl(r.fd, F_GETFL) & O_NONBLOCK, 0);
	ck_assert_int_ne(fcntl(r.fd, F_GETFD) & FD_CLOEXEC, 0);
	ck_assert_int_lt(getpeername(r.fd, (struct sockaddr *)&at, &len), 0);
	ck_assert_int_eq(errno, ENOTCONN);
	close(r.fd);
}
END_TEST

START_TEST(test_listener)
{
	const struct reply a = ask_op(LINK_OP_LISTENER), b = ask_op(LINK_OP_LISTENER);
	struct sockaddr_in at = { 0 };
	socklen_t len = sizeof(at);

	ck_assert_int_ge(a.fd, 0);
	ck_assert_int_ge(b.fd, 0);
	ck_assert_int_eq(getsockname(a.fd, (struct sockaddr *)&at, &len), 0);
	ck_assert_uint_eq(ntohl(at.sin_addr.s_addr), INADDR_LOOPBACK);
	ck_assert_int_eq(ntohs(at.sin_port), LINK_BROKER_PORT);
	ck_assert_int_eq(option(a.fd, SOL_SOCKET, SO_ACCEPTCONN), 1);
	ck_assert_int_eq(option(a.fd, SOL_SOCKET, SO_REUSEPORT), 0);
	ck_assert_int_ne(fcntl(a.fd, F_GETFL) & O_NONBLOCK, 0);
	close(a.fd);
	close(b.fd);
}
END_TEST

static void
await(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	ck_assert_int_eq(poll(&p, 1, 2000), 1);
}

START_TEST(test_descriptors_carry_bytes)
{
	const struct sockaddr_in broker = { .sin_family = AF_INET,
		.sin_port = htons(LINK_BROKER_PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct reply s = ask_op(LINK_OP_SOCKET), l = ask_op(LINK_OP_LISTENER);
	char word[8] = "";
	int accepted;

	if (connect(s.fd, (const struct sockaddr *)&broker, sizeof(broker)) < 0)
		ck_assert_int_eq(errno, EINPROGRESS);
	await(l.fd, POLLIN);
	accepted = accept4(l.fd, NULL, NULL, SOCK_CLOEXEC);
	ck_assert_int_ge(accepted, 0);
	await(s.fd, POLLOUT);
	ck_assert_int_eq(send(s.fd, "hello", 5, 0), 5);
	await(accepted, POLLIN);
	ck_assert_int_eq(recv(accepted, word, sizeof(word), 0), 5);
	ck_assert_str_eq(word, "hello");
	close(accepted);
	close(s.fd);
	close(l.fd);
}
END_TEST

START_TEST(test_many_requests_on_one_connection)
{
	const int client = dial();

	for (int i = 0; i < 2000; i++) {
		const struct reply r = ask(client, "S", 1);

		ck_assert_int_eq(r.len, 1);
		ck_assert_int_ge(r.fd, 0);
		ck_assert_int_lt(r.fd, 64); /* nothing leaks here */
		close(r.fd);
	}
	close(client);
}
END_TEST

START_TEST(test_unknown_ops)
{
	const int client = dial();

	for (int op = 0; op < 256; op++) {
		const char c = (char)op;
		struct reply r;

		if (c != '\0' && strchr("SLCTP", c) != NULL)
			continue;
		r = ask(client, &c, 1);
		assert_failure(&r, EINVAL);
	}
	close(client);
}
END_TEST

START_TEST(test_big_packets)
{
	static const char big[60000] = "P";
	static const size_t lengths[] = { 2, 64, 4096, sizeof(big) };
	const int client = dial();
	struct reply r;

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		r = ask(client, big, lengths[i]);
		assert_failure(&r, EMSGSIZE);
	}
	r = ask(client, "P", 1);
	assert_text(&r, LINK_VERSION, 64);
	close(client);
}
END_TEST

START_TEST(test_empty_packet_ends_the_conversation)
{
	const int client = dial();
	char byte;

	ck_assert_int_eq(send(client, "", 0, 0), 0);
	ck_assert_int_eq(recv(client, &byte, 1, 0), 0);
	close(client);
}
END_TEST

START_TEST(test_descriptors_sent_to_it_are_dropped)
{
	const int client = dial();
	int ends[2];
	char byte = 'P';
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	struct reply r;

	ck_assert_int_eq(pipe(ends), 0);
	*c = (struct cmsghdr){
		.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))
	};
	memcpy(CMSG_DATA(c), &ends[1], sizeof(int));
	ck_assert_int_eq(sendmsg(client, &msg, 0), 1);
	close(ends[1]);
	r = receive(client);
	assert_text(&r, LINK_VERSION, 64);
	ck_assert_int_eq(read(ends[0], &byte, 1), 0); /* no writer left: it did not keep ours */
	close(ends[0]);
	close(client);
}
END_TEST

START_TEST(test_seventy_clients)
{
	int client[70];
	unsigned served = 0, refused = 0;

	for (int i = 0; i < 70; i++) {
		client[i] = dial();
		ck_assert_int_ge(client[i], 0);
		if (i < LINK_CLIENTS_MAX) {
			struct reply r = ask(client[i], "P", 1);

			assert_text(&r, LINK_VERSION, 64);
			served++;
		} else {
			const struct reply r = receive(client[i]);
			char byte;

			assert_failure(&r, EMFILE);
			ck_assert_int_eq(recv(client[i], &byte, 1, 0), 0);
			refused++;
		}
	}
	ck_assert_uint_eq(served, LINK_CLIENTS_MAX);
	ck_assert_uint_eq(refused, 70 - LINK_CLIENTS_MAX);
	for (int i = 0; i < 70; i++)
		close(client[i]);
	for (int i = 0; i < 70; i++) { /* and room again */
		struct reply r = ask_op(LINK_OP_PING);

		assert_text(&r, LINK_VERSION, 64);
	}
}
END_TEST

static bool
dropped(char op)
{
	const int client = dial();
	bool gone = false;

	fcntl(client, F_SETFL, O_NONBLOCK);
	for (int i = 0; i < 200000 && !gone; i++) {
		gone = send(client, &op, 1, MSG_NOSIGNAL) < 0 && errno != EAGAIN;
		if (!gone && i % 64 == 63)
			poll(NULL, 0, 1);
	}
	close(client);
	return gone;
}

START_TEST(test_who_does_not_read_is_dropped)
{
	const int idle = dial();
	struct reply r;

	ck_assert(dropped(LINK_OP_PING));
	ck_assert(dropped(LINK_OP_SOCKET));
	ck_assert(dropped(LINK_OP_TABLE));
	r = ask(idle, "P", 1); /* the others are served as before */
	assert_text(&r, LINK_VERSION, 64);
	close(idle);
}
END_TEST

START_TEST(test_a_second_link_cannot_listen)
{
	const struct reply l = ask_op(LINK_OP_LISTENER);
	const struct reply s = ask_op(LINK_OP_SOCKET);
	const struct sockaddr_in any = { .sin_family = AF_INET,
		.sin_port = htons(LINK_BROKER_PORT) };
	const int on = 1;

	/* The fresh socket stands for the competitor: it lives in the same namespace. */
	setsockopt(s.fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(s.fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	ck_assert_int_lt(bind(s.fd, (const struct sockaddr *)&any, sizeof(any)), 0);
	ck_assert_int_eq(errno, EADDRINUSE);
	close(s.fd);
	close(l.fd);
}
END_TEST

static void
ends_on(int sig)
{
	int status = -1;

	kill(link_pid, sig);
	ck_assert_int_eq(waitpid(link_pid, &status, 0), link_pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}

START_TEST(test_term_ends_it)
{
	ends_on(SIGTERM);
}
END_TEST

START_TEST(test_int_ends_it)
{
	ends_on(SIGINT);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("link");
	TCase *tc = tcase_create("link");

	tcase_add_checked_fixture(tc, start, stop);
	tcase_set_timeout(tc, 20);
	tcase_add_test(tc, test_socket_file);
	tcase_add_test(tc, test_ping);
	tcase_add_test(tc, test_counters);
	tcase_add_test(tc, test_table_shows_the_listener);
	tcase_add_test(tc, test_socket_is_fresh);
	tcase_add_test(tc, test_listener);
	tcase_add_test(tc, test_descriptors_carry_bytes);
	tcase_add_test(tc, test_many_requests_on_one_connection);
	tcase_add_test(tc, test_unknown_ops);
	tcase_add_test(tc, test_big_packets);
	tcase_add_test(tc, test_empty_packet_ends_the_conversation);
	tcase_add_test(tc, test_descriptors_sent_to_it_are_dropped);
	tcase_add_test(tc, test_seventy_clients);
	tcase_add_test(tc, test_who_does_not_read_is_dropped);
	tcase_add_test(tc, test_a_second_link_cannot_listen);
	tcase_add_test(tc, test_term_ends_it);
	tcase_add_test(tc, test_int_ends_it);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
