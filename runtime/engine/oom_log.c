/*
 * oom_log.c - /dev/kmsg gives one record a read, "level,number,time,flags;text".
 *
 * Of a kill at a container's limit it has a line
 * "oom-kill:constraint=CONSTRAINT_MEMCG,...,oom_memcg=/parent/libpod-ID,task_memcg=...".
 */
#include "runtime/engine/oom_log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"

#define RECORD_MAX 8192
#define RECORDS_MAX 100000 /* more than a log holds: never for ever */
#define ID_MIN 12 /* what is shorter is no id of a container */

bool
oom_log_line(const char *record, size_t len, const char *container)
{
	static const char kill[] = ";oom-kill:", limit[] = ",oom_memcg=";
	const size_t id_len = strlen(container);
	const char *at = memmem(record, len, kill, strlen(kill)), *end;

	if (at == NULL || id_len < ID_MIN)
		return false;
	at = memmem(at, len - (size_t)(at - record), limit, strlen(limit));
	if (at == NULL)
		return false;
	at += strlen(limit);
	end = memchr(at, ',', len - (size_t)(at - record));
	if (end == NULL)
		end = record + len;
	return memmem(at, (size_t)(end - at), container, id_len) != NULL;
}

bool
oom_log_names(const char *path, const char *container)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char record[RECORD_MAX];

	for (int i = 0; fd >= 0 && i < RECORDS_MAX; i++) {
		const ssize_t len = read(fd, record, sizeof(record));

		if (len < 0 &&
		    (errno == EPIPE || errno == EINTR)) /* overwritten: the next is there */
			continue;
		if (len <= 0)
			return false;
		if (oom_log_line(record, (size_t)len, container))
			return true;
	}
	return false;
}
