/*
 * reason.c - words of the list.
 */
#include "controlplane/artifacts/reason.h"

static const struct {
	const char *word, *text;
} reasons[ARTIFACT_REASON_COUNT] = {
#define X(name, word_, text_) [ARTIFACT_##name] = { word_, text_ },
	ARTIFACT_REASONS(X)
#undef X
};

const char *
artifact_reason_word(enum artifact_reason reason)
{
	return reasons[reason].word;
}

const char *
artifact_reason_text(enum artifact_reason reason)
{
	return reasons[reason].text;
}
