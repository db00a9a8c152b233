/*
 * capability.h - what a competitor says it can do: a small closed set of words.
 *
 * Pure.  A manifest may hold other words; they mean nothing here.
 */
#ifndef JANUS_ENGINE_CAPABILITY_H
#define JANUS_ENGINE_CAPABILITY_H
struct buf;

/* NAME, word.  Those that name an endpoint decide what is sent there; the rest is told to clients. */
#define CAPABILITIES(X)               \
	X(CHAT, "chat")               \
	X(COMPLETIONS, "completions") \
	X(RESPONSES, "responses")     \
	X(EMBEDDINGS, "embeddings")   \
	X(VISION, "vision")           \
	X(AUDIO, "audio")             \
	X(TOOLS, "tools")             \
	X(ARTIFACTS, "artifacts")

enum capability_at {
#define X(name, word) CAPABILITY_AT_##name,
	CAPABILITIES(X)
#undef X
	    CAPABILITY_COUNT
};
#define CAPABILITY(name) (1u << CAPABILITY_AT_##name)

/** capability_named - the bit of a word, 0 if it is none of these. */
unsigned capability_named(const char *word);
/** capabilities_add - a set as a JSON array of words, in the order above. */
void capabilities_add(struct buf *out, unsigned set);
#endif
