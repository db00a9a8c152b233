/*
 * chat_shape.h - are the known fields of a chat request of the type and range they must be?
 *
 * Pure; the half of chat_request that only says yes or no.  Fed with every value json_scan
 * reports; keeps the first fault.  Fields it does not know, and parts of unknown type, pass.
 */
#ifndef JANUS_OPENAI_CHAT_SHAPE_H
#define JANUS_OPENAI_CHAT_SHAPE_H
#include <stdbool.h>
#include <stddef.h>

struct chat_fault;
struct json_value;

struct chat_shape { /* embedded; zero-initialised but for text and fault */
	const char *text;
	struct chat_fault *fault;
	bool refused; /* fault is filled */
	size_t messages; /* seen so far */

	/* private: what is known of the section, message, part, tool and call being read */
	size_t section_at;
	int section;
	struct chat_shape_message {
		bool role, content, call_id, needs_content, is_tool;
	} message;
	struct chat_shape_part {
		int kind;
		unsigned text, image, url, audio, file; /* JSON types seen, as bits; 0: absent */
		const char *url_wrong, *data_wrong; /* of a data: URL; NULL */
	} part;
	struct chat_shape_function {
		bool type, is_function, function, name, arguments;
	} function;
	bool format_type;
	unsigned each; /* type of an input's values, as bits */
};

/** chat_shape_value - look at the next value. */
void chat_shape_value(struct chat_shape *, const struct json_value *);
/** chat_shape_refuse - note a fault unless there is one already. */
void chat_shape_refuse(struct chat_shape *, int code, const char *param, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
#endif
