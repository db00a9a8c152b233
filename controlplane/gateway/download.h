/*
 * download.h - GET and HEAD of /v1/artifacts/{id}: what a link of ours stands for.
 */
#ifndef JANUS_GATEWAY_DOWNLOAD_H
#define JANUS_GATEWAY_DOWNLOAD_H
struct gateway;
struct http_request;

void download_artifact(struct gateway *, struct http_request *);
#endif
