/*
 * arithmetic.h - find an arithmetic expression in a text and say exactly what it comes to.
 *
 * Pure.  Fractions of 128-bit integers, so 0.1 + 0.2 is 0.3 and 1/3 stays 1/3; what does not fit
 * is said not to fit, never rounded in silence.
 */
#ifndef JANUS_OPENAI_ARITHMETIC_H
#define JANUS_OPENAI_ARITHMETIC_H
#include <stdbool.h>
struct buf;

/** arithmetic_answer - append "6 * 7 = 42" for the first expression with an operator in text;
 *  false, and nothing appended, where there is none. */
bool arithmetic_answer(const char *text, struct buf *out);
#endif
