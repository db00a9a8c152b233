/*
 * http_head.h - parse the head of an HTTP/1.x response and decode its body framing, strictly.
 *
 * Pure.  Anything two implementations could read differently is an error (see the fault list in
 * docs): bare CR, folds, space before a colon, duplicate or odd Content-Length, Content-Length
 * together with Transfer-Encoding, any coding but chunked, heads over 32 KiB.
 */
#ifndef JANUS_NET_HTTP_HEAD_H
#define JANUS_NET_HTTP_HEAD_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
struct error;

#define HTTP_HEAD_MAX 32768

struct http_head {
	int status;
	int minor; /* HTTP/1.minor */
	char content_type[128]; /* lower case, without parameters; "" if absent */
	char retry_after[64]; /* as sent; "" if absent */
	bool chunked;
	int64_t content_length; /* -1: unknown */
	bool close; /* the connection may not be used again */
	bool encoded; /* a content-encoding other than identity */
	const char *bytes; /* in on_head of http_exchange.h: as it came, borrowed; else NULL */
	size_t len;
};

/**
 * http_head_parse - bytes received so far to a head.
 *
 * Returns how many bytes the head takes (its blank line included), 0 if more bytes are needed, or
 * -1 with err UPSTREAM.  Interim (1xx) heads are returned like others: the caller skips them.
 * Lines end in CR LF; a status outside 100-599 and a 1xx or 204 with a body are errors too.
 */
long http_head_parse(const char *bytes, size_t len, struct http_head *out, struct error *);

/** http_token_len - how many of the first len bytes may stand in a method or a header's name. */
size_t http_token_len(const char *text, size_t len);

/* Body framing. */
struct http_body {
	enum { HTTP_BODY_NONE, HTTP_BODY_LENGTH, HTTP_BODY_CHUNKED, HTTP_BODY_CLOSE } kind;
	int64_t left; /* of the length, or of the current chunk */
	int state; /* chunk parser */
	size_t line; /* bytes of the current chunk line */
	bool ended; /* the body is complete */
};
/** http_body_begin - framing of the answer to a request with that method. */
void http_body_begin(struct http_body *, const struct http_head *, const char *method);
typedef void http_body_fn(const char *bytes, size_t len, void *arg);
/**
 * http_body_feed - decode; on_bytes gets the content.
 *
 * Returns bytes consumed (less than len once ended: the rest is not this response's), or -1 with
 * err UPSTREAM for bad framing.
 */
long http_body_feed(struct http_body *, const char *bytes, size_t len, http_body_fn *on_bytes,
    void *arg, struct error *);
/** http_body_eof - the connection ended; true if that is a proper end of this body. */
bool http_body_eof(struct http_body *);
#endif
