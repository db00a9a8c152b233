/*
 * say.h - an opponent's answer as the bytes of the OpenAI API: a stream, or one completion.
 */
#ifndef JANUS_BENCH_SAY_H
#define JANUS_BENCH_SAY_H
#include "bench/opponents/opponent.h"
struct buf;

#define OPPONENT_ARTIFACTS "/artifacts/" /* SHA256/NAME: where its files are served */

/** opponent_say - append the answer to a request, as it asks for it (stream, include_usage).  Usage is
 *  honest: a token for every four bytes. */
void opponent_say(struct buf *out, const struct opponent_answer *, const cJSON *request);
#endif
