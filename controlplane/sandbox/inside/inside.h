/*
 * inside.h - what the parts of janus-sandbox-agent share.
 *
 * One thread, one poll.  Everything in here runs as the guest's own user, beside the guest's own
 * programs, which may do to it what they like: it guards nothing, it only serves.
 */
#ifndef JANUS_SANDBOX_INSIDE_INSIDE_H
#define JANUS_SANDBOX_INSIDE_INSIDE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct bytes {
	char *data;
	size_t at, len, cap; /* what is left begins at `at` and ends at `len` */
};

/* One connection, one request. */
struct conn {
	int fd; /* -1: closed; the slot is free once pid is 0 too */
	char what; /* the request's type; 0: not asked yet */
	bool over; /* the end is said: flush and close */
	int64_t due_ms; /* 0: none */
	struct bytes in, out;

	/* exec */
	pid_t pid; /* 0: none */
	int pipe[3]; /* our ends of its standard streams, -1: closed */
	bool has_input, input_done, timed_out;
	struct bytes input; /* for its standard input */
	uint64_t output_max, total[2];

	/* write */
	int file; /* -1 */
	char path[4096], temporary[4128];
	mode_t mode;
	/* read */
	uint64_t left;
};

int64_t now_ms(void);

/* --- bytes --- */
bool bytes_add(struct bytes *, const void *, size_t); /* false: no memory */
void bytes_drop(struct bytes *, size_t);
void bytes_free(struct bytes *);

/* --- answers --- */
void answer(struct conn *, char type, const void *payload, size_t len);
void answer_end(struct conn *, int error, int exit_code, int signo, unsigned flags);

/* --- a request's texts --- */
struct texts {
	char *at, *end;
};
char *text_next(struct texts *); /* NULL: there is none, or it has no NUL */
bool number_next(struct texts *, uint64_t max, uint64_t *out);

/* --- exec.c --- */
void exec_begin(struct conn *, struct texts *);
void exec_output(struct conn *, int which); /* 1 or 2 is readable */
void exec_input(struct conn *); /* standard input takes more */
void exec_look(struct conn *); /* a child ended, perhaps ours */
void exec_late(struct conn *); /* its time is over */
void exec_abandon(struct conn *); /* nobody waits for it any more */

/* --- files.c --- */
void read_begin(struct conn *, struct texts *);
void read_more(struct conn *);
void write_begin(struct conn *, struct texts *);
void write_data(struct conn *, const char *, size_t);
void write_done(struct conn *);
void file_abandon(struct conn *);
void list_all(struct conn *, struct texts *);
void remove_one(struct conn *, struct texts *);

#endif
