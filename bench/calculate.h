/*
 * calculate.h - a pocket calculator, for the tool simulator.
 *
 * Pure.
 */
#ifndef JANUS_BENCH_CALCULATE_H
#define JANUS_BENCH_CALCULATE_H

/** calculate - + - * / ( ) and decimal numbers, the usual precedence; -1 for anything else, for a
 *  division by zero, and for what is not finite. */
int calculate(const char *expression, double *out);
#endif
