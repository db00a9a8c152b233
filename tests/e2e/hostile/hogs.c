/*
 * hogs.c - competitors that take all they can get.
 */
#include "tests/e2e/hostile/hostile.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

void
evil_fork(struct hostile *h)
{
	(void)h;
	for (;;)
		if (fork() < 0)
			usleep(1000); /* every child goes on forking too */
}

void
evil_memory(struct hostile *h)
{
	(void)h;
	for (;;) {
		char *piece = mmap(NULL, 16 * PIECE_BYTES, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (piece == MAP_FAILED)
			usleep(1000);
		else
			memset(piece, 0x5a, 16 * PIECE_BYTES);
	}
}

static void
fill_directory(const char *dir)
{
	static char piece[PIECE_BYTES];
	unsigned long long bytes = 0;
	unsigned files = 0;
	char path[256];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "%s/fill-%d", dir, (int)getpid());
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	while (fd >= 0 && (n = write(fd, piece, sizeof(piece))) > 0)
		bytes += (unsigned long long)n;
	printf("disk-fill: %s: wrote %llu bytes, then: %s\n", dir, bytes, strerror(errno));
	if (fd < 0)
		return;
	ftruncate(fd, 0); /* room again: now the inodes */
	close(fd);
	for (; files < 4000000; files++) {
		snprintf(path, sizeof(path), "%s/inode-%d-%u", dir, (int)getpid(), files);
		if ((fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)) < 0)
			break;
		close(fd);
	}
	printf("disk-fill: %s: made %u files, then: %s\n", dir, files, strerror(errno));
}

void
evil_disk(struct hostile *h)
{
	static const char *const dirs[] = { "/", "/etc", "/run", "/var", "/var/tmp", "/home",
		"/root", "/usr", "/dev", "/sys/fs/cgroup", "/dev/mqueue", "/dev/shm", "/workspace",
		"/tmp" };

	(void)h;
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		fill_directory(dirs[i]);
	_exit(0);
}

/* 100 MB/s of what log readers dislike: plain, coloured, forged, endless, binary. */
void
evil_log(struct hostile *h)
{
	static const char *const kinds[] = {
		"the same line again and again, to fill the log of the machine\n",
		"\033[2J\033[31;5mALERT\033[0m \033]0;owned\007 look here\r\n",
		"{\"level\":\"error\",\"msg\":\"engine.died\",\"component\":\"supervise\",\"pid\":"
		"1}\n",
		"no end of line, ever. ",
		"\x01\x02\xff\xfe\x80 not text \x7f\x1b\n",
	};
	static char piece[PIECE_BYTES];

	(void)h;
	for (unsigned turn = 0;; turn++) {
		const char *kind = kinds[turn % (sizeof(kinds) / sizeof(kinds[0]))];
		const size_t len = strlen(kind);

		for (size_t i = 0; i < sizeof(piece); i++)
			piece[i] = kind[i % len];
		if (write(1, piece, sizeof(piece)) < 0)
			usleep(1000);
		usleep(9000);
	}
}

void
evil_descriptors(struct hostile *h)
{
	unsigned held = 0;

	(void)h;
	for (int i = 0; i < 64 && fork() >= 0; i++)
		held = 0; /* processes double until they may not: each has a table */
	while (open(held % 2 ? "/proc/self/stat" : "/dev/null", O_RDONLY) >= 0)
		held++;
	for (;;)
		pause();
}

void
evil_cpu(struct hostile *h)
{
	volatile unsigned long turns = 0;

	(void)h;
	for (int i = 0; i < 4; i++)
		fork(); /* sixteen in all */
	for (;;)
		turns++;
}

/* What is sent to the platform again and again: other pods' ids, numbers of ports, half a request. */
static size_t
flood_request(char *out, size_t cap, unsigned n)
{
	switch (n % 8) {
	case 0:
		return (size_t)snprintf(
		    out, cap, "CONNECT 127.0.0.1:%u HTTP/1.1\r\n\r\n", 1 + n % 65535);
	case 1:
		return (size_t)snprintf(
		    out, cap, "GET http://169.254.169.254/%u HTTP/1.1\r\n\r\n", n);
	case 2:
		return (size_t)snprintf(out, cap,
		    "GET /usage HTTP/1.1\r\nhost: x\r\nx-request-id: forged-id-%u\r\n\r\n", n);
	case 3:
		return (size_t)snprintf(out, cap,
		    "GET /usage HTTP/1.1\r\nhost: x\r\nauthorization: Bearer jns_rt_%u\r\n\r\n", n);
	case 4:
		return (size_t)snprintf(out, cap,
		    "GET /api/sandboxes/sb_%u HTTP/1.1\r\nhost: x\r\nx-request-id: "
		    "forged-id-%u\r\n\r\n",
		    n, n);
	case 5:
		return (size_t)snprintf(out, cap,
		    "GET /fetch?url=http%%3A%%2F%%2F10.0.0.%u%%2F HTTP/1.1\r\nhost: x\r\n\r\n",
		    n % 256);
	case 6: return (size_t)snprintf(out, cap, "CONNECT half");
	default: return (size_t)snprintf(out, cap, "\x16\x03\x01 no http %u\r\n\r\n", n);
	}
}

/* Connections to the platform, as fast as they can be had, each with something else in it. */
void
evil_flood(struct hostile *h)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(8600),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int held[64];
	unsigned n = 0;

	(void)h;
	for (int i = 0; i < 64; i++)
		held[i] = -1;
	fork();
	fork();
	for (n = (unsigned)getpid();; n++) {
		char request[256];
		const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		const size_t len = flood_request(request, sizeof(request), n);

		if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
			put(fd, request, len);
		if (held[n % 64] >= 0)
			close(held[n % 64]);
		held[n % 64] = fd; /* open for a while, whatever is answered */
	}
}
