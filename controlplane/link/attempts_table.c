/*
 * attempts_table.c - the table: one line, one way out.
 */
#include "controlplane/link/attempts.h"
#include "controlplane/link/try.h"

#include <sys/socket.h>
#include <sys/syscall.h>

#define SOCK(family, type, protocol) ((family) << 16 | (type) << 8 | (protocol))

/* clang-format off */
const struct attempt attempts[] = {
	/* the internet */
	{ "tcp to an internet address",		try_tcp,	"1.1.1.1",		443 },
	{ "tcp to another internet address",	try_tcp,	"8.8.8.8",		53 },
	{ "udp to an internet address",		try_udp,	"1.1.1.1",		443 },
	{ "tcp over ipv6",			try_tcp,	"2606:4700:4700::1111",	443 },
	{ "udp over ipv6",			try_udp,	"2001:4860:4860::8888",	53 },
	{ "ping an internet address",		try_ping,	"1.1.1.1",		0 },
	{ "udp broadcast",			try_udp,	"255.255.255.255",	67 },
	{ "udp multicast",			try_udp,	"224.0.0.251",		5353 },
	{ "ipv6 multicast",			try_udp,	"ff02::1",		5353 },
	{ "a route out",			try_routes,	0,			0 },

	/* the host, its bridges, its neighbours */
	{ "docker bridge gateway",		try_tcp,	"172.17.0.1",		80 },
	{ "docker bridge gateway, engine port",	try_tcp,	"172.17.0.1",		2375 },
	{ "docker bridge gateway, udp",		try_udp,	"172.17.0.1",		53 },
	{ "first container on the bridge",	try_tcp,	"172.17.0.2",		8080 },
	{ "second bridge gateway",		try_tcp,	"172.18.0.1",		80 },
	{ "podman bridge gateway",		try_tcp,	"10.88.0.1",		80 },
	{ "desktop engine host",		try_tcp,	"192.168.65.254",	80 },
	{ "private gateway 10.0.0.1",		try_tcp,	"10.0.0.1",		80 },
	{ "private gateway 10.0.2.2",		try_tcp,	"10.0.2.2",		22 },
	{ "private gateway 192.168.0.1",	try_tcp,	"192.168.0.1",		80 },
	{ "private gateway 192.168.1.1",	try_tcp,	"192.168.1.1",		80 },
	{ "carrier address 100.64.0.1",		try_tcp,	"100.64.0.1",		80 },
	{ "cluster address 10.96.0.1",		try_tcp,	"10.96.0.1",		443 },
	{ "metadata service",			try_tcp,	"169.254.169.254",	80 },
	{ "metadata service of tasks",		try_tcp,	"169.254.170.2",	80 },
	{ "metadata service over ipv6",		try_tcp,	"fd00:ec2::254",	80 },
	{ "link-local ipv6",			try_tcp,	"fe80::1",		80 },
	{ "ssh on the host's loopback",		try_loopback,	"127.0.0.1",		22 },
	{ "engine on the host's loopback",	try_loopback,	"127.0.0.1",		2375 },
	{ "control plane on loopback",		try_loopback,	"127.0.0.1",		8000 },

	/* names */
	{ "look up a public name",		try_dns_name,	"example.com",		0 },
	{ "dns packet to the engine's resolver", try_dns_packet, "127.0.0.11",		53 },
	{ "dns packet to a local resolver",	try_dns_packet,	"127.0.0.53",		53 },
	{ "dns packet to a public resolver",	try_dns_packet,	"8.8.8.8",		53 },

	/* socket families that leave a network namespace or look beneath it */
	{ "vsock",			try_socket, 0, SOCK(40, SOCK_STREAM, 0) },
	{ "packet socket",		try_socket, 0, SOCK(17, SOCK_RAW, 0) },
	{ "packet socket, cooked",	try_socket, 0, SOCK(17, SOCK_DGRAM, 0) },
	{ "raw icmp socket",		try_socket, 0, SOCK(AF_INET, SOCK_RAW, 1) },
	{ "raw ipv6 socket",		try_socket, 0, SOCK(AF_INET6, SOCK_RAW, 58) },
	{ "kernel crypto socket",	try_socket, 0, SOCK(38, SOCK_SEQPACKET, 0) },
	{ "bluetooth socket",		try_socket, 0, SOCK(31, SOCK_RAW, 1) },
	{ "can socket",			try_socket, 0, SOCK(29, SOCK_RAW, 1) },
	{ "xdp socket",			try_socket, 0, SOCK(44, SOCK_RAW, 0) },
	{ "tipc socket",		try_socket, 0, SOCK(30, SOCK_STREAM, 0) },

	/* system calls */
	{ "mount",			try_mount,	"/tmp",		0 },
	{ "unshare user namespace",	try_unshare,	0,		0x10000000 },
	{ "unshare network namespace",	try_unshare,	0,		0x40000000 },
	{ "unshare mount namespace",	try_unshare,	0,		0x00020000 },
	{ "clone into a user namespace", try_clone,	0,		0x10000000 },
	{ "clone3 into a user namespace", try_clone3,	0,		0x10000000 },
	{ "join a network namespace",	try_setns,	"/proc/1/ns/net", 0 },
	{ "join a mount namespace",	try_setns,	"/proc/1/ns/mnt", 0 },
	{ "chroot",			try_chroot,	"/tmp",		0 },
	{ "pivot_root",			try_call,	0,		SYS_pivot_root },
	{ "make a block device",	try_mknod,	"/tmp/janus-attempt-sda", 0 },
	{ "open by handle",		try_handle,	"/etc/hosts",	0 },
	{ "ptrace pid 1",		try_ptrace,	0,		0 },
	{ "read the memory of pid 1",	try_read_memory, 0,		0 },
	{ "bpf",			try_bpf,	0,		0 },
	{ "io_uring",			try_io_uring,	0,		0 },
	{ "userfaultfd",		try_call,	0,		SYS_userfaultfd },
	{ "keyctl",			try_call,	0,		SYS_keyctl },
	{ "add a key",			try_call,	0,		SYS_add_key },
	{ "perf_event_open",		try_perf,	0,		0 },
	{ "fanotify",			try_call,	0,		SYS_fanotify_init },
	{ "load a module",		try_call,	0,		SYS_init_module },
	{ "load a module from a file",	try_call,	0,		SYS_finit_module },
	{ "load a kernel",		try_call,	0,		SYS_kexec_load },
	{ "swap off",			try_call,	0,		SYS_swapoff },
	{ "disk quota",			try_call,	0,		SYS_quotactl },
	{ "process accounting",		try_call,	0,		SYS_acct },
	{ "read the kernel log",	try_call,	0,		SYS_syslog },
	{ "set the host name",		try_hostname,	0,		0 },
	{ "change the personality",	try_personality, 0,		0x0040000 },
	{ "32-bit system calls",	try_compat,	0,		0 },

	/* files */
	{ "write in /",			try_create,	"/",		0 },
	{ "write in /etc",		try_create,	"/etc",		0 },
	{ "write in /usr",		try_create,	"/usr",		0 },
	{ "write in /run",		try_create,	"/run",		0 },
	{ "write in /var/tmp",		try_create,	"/var/tmp",	0 },
	{ "write in /dev",		try_create,	"/dev",		0 },
	{ "write in /sys",		try_create,	"/sys",		0 },
	{ "make a cgroup file",		try_create,	"/sys/fs/cgroup", 0 },
	{ "write /etc/hosts",		try_write,	"/etc/hosts",	0 },
	{ "write /etc/resolv.conf",	try_write,	"/etc/resolv.conf", 0 },
	{ "write the core pattern",	try_write,	"/proc/sys/kernel/core_pattern", 0 },
	{ "write a kernel setting",	try_write,	"/proc/sys/net/ipv4/ip_forward", 0 },
	{ "write the sysrq trigger",	try_write,	"/proc/sysrq-trigger", 0 },
	{ "write a cgroup's agent",	try_write,	"/sys/fs/cgroup/memory/release_agent", 0 },
	{ "write a cgroup's processes",	try_write,	"/sys/fs/cgroup/cgroup.procs", 0 },
	{ "write the uevent helper",	try_write,	"/sys/kernel/uevent_helper", 0 },
	{ "write our own program",	try_write,	"/proc/self/exe", 0 },
	{ "write the init program",	try_write,	"/proc/1/exe",	0 },
	{ "the host's kernel memory",	try_write,	"/proc/kcore",	0 },
	{ "write physical memory",	try_write,	"/dev/mem",	0 },
	{ "write the first disk",	try_write,	"/dev/vda",	0 },
	{ "write the kernel log",	try_write,	"/dev/kmsg",	0 },
	{ "open the fuse device",	try_write,	"/dev/fuse",	0 },
	{ "open the tun device",	try_write,	"/dev/net/tun",	0 },
	{ "open the hypervisor",	try_write,	"/dev/kvm",	0 },
	{ "the host's root through pid 1", try_look,	"/proc/1/root/var/lib/docker", 0 },

	/* sockets of others */
	{ "engine socket",		try_unix,	"/var/run/docker.sock", 0 },
	{ "engine socket in /run",	try_unix,	"/run/docker.sock", 0 },
	{ "podman socket",		try_unix,	"/run/podman/podman.sock", 0 },
	{ "containerd socket",		try_unix,	"/run/containerd/containerd.sock", 0 },
	{ "system bus",			try_unix,	"/run/dbus/system_bus_socket", 0 },
	{ "link socket",		try_unix,	"/run/janus/link.sock", 0 },
	{ "control socket",		try_unix,	"/run/janus/janusd.sock", 0 },
	{ "link directory",		try_look,	"/run/janus",	0 },
	{ "unix sockets of others",	try_unix_list,	0,		0 },

	/* what we are */
	{ "not root",			try_root,	0,		0 },
	{ "become root",		try_setuid,	0,		0 },
	{ "inheritable capabilities",	try_status,	"CapInh",	0 },
	{ "permitted capabilities",	try_status,	"CapPrm",	0 },
	{ "effective capabilities",	try_status,	"CapEff",	0 },
	{ "bounding capabilities",	try_status,	"CapBnd",	0 },
	{ "ambient capabilities",	try_status,	"CapAmb",	0 },
	{ "no new privileges",		try_status,	"NoNewPrivs",	1 },
	{ "seccomp filter",		try_status,	"Seccomp",	2 },
	{ "leaked descriptors",		try_descriptors, 0,		0 },
	{ "core dumps",			try_core,	0,		0 },
	{ "shared memory of others",	try_shared_memory, 0,		0 },
	{ "processes of others",	try_host_processes, 0,		0 },
};
/* clang-format on */

const size_t attempts_count = sizeof(attempts) / sizeof(attempts[0]);
