/*
 * hostile.h - what the files of the hostile competitor share.
 */
#ifndef JANUS_HOSTILE_H
#define JANUS_HOSTILE_H
#include <stdbool.h>
#include <stddef.h>

#define PIECE_BYTES (1 << 20)

struct request {
	char *head, *body;
	bool stream, wants_usage;
};

struct mode;

struct hostile {
	const struct mode *mode;
	long number; /* the N of slow-start=N, crash-after=N */
	volatile int *orders; /* shared with the children: see enum order */
	int listener;
};

typedef void evil_fn(struct hostile *);
typedef void answer_fn(struct hostile *, int fd, const struct request *);

struct mode {
	const char *name;
	evil_fn *birth; /* before listening */
	answer_fn *health, *chat;
	evil_fn *evil; /* hogs: in the serving process */
};

/* answers.c */
/** put - all of it, or as much as the other side takes. */
void put(int fd, const char *bytes, size_t len);
/** reply - a whole answer of HTTP. */
void reply(int fd, const char *status, const char *type, const char *body);
/** request_read - one request with its body; head is the caller's to free. False: none came. */
bool request_read(int fd, struct request *);
/** answer - a proper one; content is already escaped for JSON. */
void answer(int fd, const struct request *, const char *content);
/** answer_whole - the same, whatever was asked for not streamed. */
void answer_whole(int fd, const struct request *, const char *content);
/** stream_begin, stream_piece, stream_end - a proper stream in one's own time. */
void stream_begin(int fd);
void stream_piece(int fd, const char *content);
void stream_end(int fd, const struct request *, size_t out_tokens);

/* hostile.c */
answer_fn chat_caller, chat_500;

/* attacks.c */
answer_fn chat_escape, chat_spy;

/* lives.c */
answer_fn chat_trickle, chat_dated;
evil_fn birth_undead;

/* artifacts.c */
/** chat_artifacts - "announce NAME LENGTH SHA256": an event and a link, or a member of the message. */
/** send_artifact - GET /artifacts/1000/plot.bin is so many letters; of "slow..." all but the last come. */
answer_fn chat_artifacts, send_artifact;

/* hogs.c */
evil_fn evil_fork, evil_memory, evil_disk, evil_log, evil_descriptors, evil_cpu, evil_flood;
#endif
