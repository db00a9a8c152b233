/*
 * unix_socket.c - listening sockets in the file system.
 */
#include "runtime/net/unix_socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"

int
unix_address(const char *path, struct sockaddr_un *out, struct error *err)
{
	if (path[0] == '\0' || strlen(path) >= sizeof(out->sun_path))
		return error_set(err, ERROR_INVALID, "socket path must have 1 to %zu bytes",
		    sizeof(out->sun_path) - 1);
	*out = (struct sockaddr_un){ .sun_family = AF_UNIX };
	strcpy(out->sun_path, path);
	return 0;
}

/* Remove what is at path if it is a socket that nobody serves. */
static int
remove_stale(const char *path, const struct sockaddr_un *address, int type, struct error *err)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : error_errno(err, "%s", path);
	if (!S_ISSOCK(st.st_mode))
		return error_set(err, ERROR_CONFLICT, "%s exists and is not a socket", path);

	_cleanup_close_ int probe = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (probe < 0)
		return error_errno(err, "socket");
	/* Only a refusal says that nobody listens: EAGAIN is a full queue, EPROTOTYPE another kind. */
	if (connect(probe, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
	    errno != ECONNREFUSED)
		return error_set(err, ERROR_CONFLICT, "%s is in use", path);
	if (unlink(path) < 0 && errno != ENOENT)
		return error_errno(err, "remove %s", path);
	return 0;
}

int
unix_listen(const char *path, unsigned mode, int type, struct error *err)
{
	struct sockaddr_un address;
	_cleanup_close_ int sock = -1;

	if (unix_address(path, &address, err) < 0 || remove_stale(path, &address, type, err) < 0)
		return -1;
	sock = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sock < 0)
		return error_errno(err, "socket");
	if (bind(sock, (struct sockaddr *)&address, sizeof(address)) < 0)
		return error_errno(err, "bind %s", path);
	/* Nobody can connect before listen, so the mode is in force before the first client. */
	if (chmod(path, mode) < 0 || listen(sock, SOMAXCONN) < 0) {
		error_errno(err, "listen on %s", address.sun_path);
		unlink(path);
		return -1;
	}
	return TAKE_FD(sock);
}
