/*
 * deadline.h - waiting for other threads until a moment, whatever the wall clock is set to meanwhile.
 */
#ifndef JANUS_BASE_DEADLINE_H
#define JANUS_BASE_DEADLINE_H
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/** deadline_cond - pthread_cond_wait until clock_now_ms() is until_ms; false: it is. */
bool deadline_cond(pthread_cond_t *, pthread_mutex_t *, int64_t until_ms);
/** deadline_join - join a thread that ends until then; false: it runs on, and is to be joined. */
bool deadline_join(pthread_t, int64_t until_ms);
#endif
