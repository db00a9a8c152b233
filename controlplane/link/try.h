/*
 * try.h - the kinds of attempt; contract as for go in attempts.h.
 *
 * try_net.c: by network.  try_host.c: by file, socket and the process's own
 * state.  try_kernel.c: by system call.
 */
#ifndef JANUS_LINK_TRY_H
#define JANUS_LINK_TRY_H
#include <stddef.h>
struct attempt;

#define TRY(name) int name(const struct attempt *, char *saw, size_t size)

TRY(try_descriptors); /* attempts.c: it knows what was open at birth */

TRY(try_tcp); /* where: address, number: port */
TRY(try_udp);
TRY(try_loopback); /* a port of 127.0.0.1 that must answer nobody */
TRY(try_dns_packet); /* where: server */
TRY(try_dns_name); /* where: name to look up */
TRY(try_ping);
TRY(try_socket); /* where: nothing, number: family << 16 | type << 8 | protocol */
TRY(try_routes);

TRY(try_write); /* where: a file that exists, opened for writing */
TRY(try_create); /* where: a directory to make a file in */
TRY(try_look); /* where: a path that must not be there */
TRY(try_unix); /* where: path of somebody's socket */
TRY(try_unix_list); /* foreign sockets in /proc/net/unix */
TRY(try_status); /* where: key of /proc/self/status, number: value wanted, hex */
TRY(try_root);
TRY(try_shared_memory);
TRY(try_host_processes);
TRY(try_core);

TRY(try_mount);
TRY(try_unshare); /* number: flag */
TRY(try_clone);
TRY(try_clone3);
TRY(try_setns);
TRY(try_chroot);
TRY(try_mknod);
TRY(try_ptrace);
TRY(try_read_memory);
TRY(try_bpf);
TRY(try_io_uring);
TRY(try_perf);
TRY(try_personality);
TRY(try_handle);
TRY(try_hostname);
TRY(try_setuid);
TRY(try_compat);
TRY(try_call); /* number: system call, asked with -1 everywhere: no call acts on that */

#undef TRY
#endif
