/*
 * usage.h - GET /usage: what this run token has spent, and what may still be spent.
 */
#ifndef JANUS_PLATFORM_USAGE_H
#define JANUS_PLATFORM_USAGE_H
struct caller;
struct http_request;

void usage_answer(struct caller *, struct http_request *);
#endif
