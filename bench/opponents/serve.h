/*
 * serve.h - an opponent on a port: chats, streamed or whole, and the files that come with them.
 */
#ifndef JANUS_BENCH_SERVE_H
#define JANUS_BENCH_SERVE_H
struct error;
struct loop;
struct opponent;
struct opponent_server;

/** opponent_serve - on 127.0.0.1; port 0 takes a free one. The opponent is borrowed. NULL with err. */
struct opponent_server *opponent_serve(
    struct loop *, const struct opponent *, int port, struct error *);
/** opponent_serve_port - the one that it listens on. */
int opponent_serve_port(const struct opponent_server *);
void opponent_serve_end(struct opponent_server *);
#endif
