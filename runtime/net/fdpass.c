/*
 * fdpass.c - SCM_RIGHTS over SOCK_SEQPACKET.
 */
#include "runtime/net/fdpass.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/net/unix_socket.h"

/* Room for more descriptors than are allowed, so that a second one is seen and closed. */
#define SPARE_FDS 16

int
fdpass_connect(const char *path, struct error *err)
{
	struct sockaddr_un address;
	_cleanup_close_ int sock = -1;

	if (unix_address(path, &address, err) < 0)
		return -1;
	sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sock < 0)
		return error_errno(err, "socket");
	if (connect(sock, (struct sockaddr *)&address, sizeof(address)) < 0)
		return error_errno(err, "connect %s", path);
	return TAKE_FD(sock);
}

int
fdpass_listen(const char *path, unsigned mode, struct error *err)
{
	return unix_listen(path, mode, SOCK_SEQPACKET, err);
}

int
fdpass_send(int sock, const void *bytes, size_t len, int fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec part = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = len };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t n;

	if (fd >= 0) {
		message.msg_control = control.space;
		message.msg_controllen = sizeof(control.space);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(int));
	}
	do
		n = sendmsg(sock, &message, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -1 : 0;
}

/* Take the descriptors out of a message: the first into *fd, the others are closed and counted. */
static size_t
take_descriptors(struct msghdr *message, int *fd)
{
	size_t count = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = 0; CMSG_LEN(at + sizeof(int)) <= c->cmsg_len; at += sizeof(int)) {
			int got;

			memcpy(&got, CMSG_DATA(c) + at, sizeof(int));
			if (count++ == 0)
				*fd = got;
			else
				close(got);
		}
	}
	return count;
}

ssize_t
fdpass_recv(int sock, void *bytes, size_t cap, int *fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(SPARE_FDS * sizeof(int))];
	} control;
	struct iovec part = { .iov_base = bytes, .iov_len = cap };
	struct msghdr message = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space) };
	ssize_t n;

	*fd = -1;
	do
		n = recvmsg(sock, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -1;
	const size_t count = take_descriptors(&message, fd);
	if (count > 1 || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
		if (*fd >= 0)
			close(*fd);
		*fd = -1;
		/* The kernel had no place for the first: the message was good, we are full. */
		errno = count == 0 && (message.msg_flags & MSG_CTRUNC) != 0 ? EMFILE : EBADMSG;
		return -1;
	}
	return n;
}

bool
fdpass_peer_is_ours(int sock, struct ucred *peer)
{
	socklen_t len = sizeof(*peer);

	*peer = (struct ucred){ .uid = (uid_t)-1 };
	return getsockopt(sock, SOL_SOCKET, SO_PEERCRED, peer, &len) == 0 &&
	    (peer->uid == 0 || peer->uid == geteuid());
}
