/*
 * spec.c - from policy and manifest to the pod that is asked for.
 */
#include "runtime/engine/spec.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/hash.h"
#include "runtime/base/str.h"
#include "runtime/engine/engine.h"
#include "runtime/engine/promised_env.h"

#define MIB (INT64_C(1) << 20)
#define GIB (INT64_C(1) << 30)

const struct policy policy_defaults = {
	.memory_bytes = 4 * GIB,
	.nano_cpus = 2000000000,
	.tmpfs_bytes = 256 * MIB,
	.shm_bytes = 64 * MIB,
	.log_bytes = 8 * MIB,
	.image_bytes = 20 * GIB,
	.pids = 512,
	.nofile = 4096,
	.start_timeout_ms = 30000,
};

int
manifest_check(const struct manifest *m, const struct policy *p, struct error *err)
{
	char asked[24], most[24];

	if (m->memory_bytes > p->memory_bytes)
		return error_set(err, ERROR_INVALID,
		    "manifest: resources.memory asks for %s, at most %s "
		    "are allowed",
		    str_format_size(m->memory_bytes, asked, sizeof(asked)),
		    str_format_size(p->memory_bytes, most, sizeof(most)));
	if (m->nano_cpus > p->nano_cpus)
		return error_set(err, ERROR_INVALID,
		    "manifest: resources.cpus asks for %g, at most %g are "
		    "allowed",
		    (double)m->nano_cpus / 1e9, (double)p->nano_cpus / 1e9);
	if (m->engine == ENGINE_SANDY && p->second == SECOND_NEVER)
		return error_set(err, ERROR_INVALID,
		    "manifest: engine: \"sandy\" isolates less than this operator allows");
	if (m->start_timeout_ms > p->start_timeout_ms)
		return error_set(err, ERROR_INVALID,
		    "manifest: start_timeout asks for %s, at most %s are "
		    "allowed",
		    str_format_duration(m->start_timeout_ms, asked, sizeof(asked)),
		    str_format_duration(p->start_timeout_ms, most, sizeof(most)));
	return 0;
}

static int64_t
smaller(int64_t allowed, int64_t asked)
{
	return asked > 0 && asked < allowed ? asked : allowed;
}

static char **
strings_copy(char *const *from, size_t n)
{
	char **to = mem_zalloc((n + 1) * sizeof(*to));

	for (size_t i = 0; i < n; i++)
		to[i] = str_dup(from[i]);
	return to;
}

static void
strings_free(char **list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(list[i]);
	free(list);
}

static void
build_env(const struct manifest *m, const struct pod_identity *id, struct pod_spec *s)
{
	s->env = mem_zalloc((promised_env_count() + m->nenv + 1) * sizeof(*s->env));
	for (size_t i = 0; i < promised_env_count(); i++)
		s->env[s->nenv++] = promised_env_entry(i, id, s->port);
	for (size_t i = 0; i < m->nenv; i++)
		s->env[s->nenv++] = str_dup(m->env[i]);
}

/* Lengths before values, so that no two different specs read the same. */
static void
add_field(struct buf *b, const char *name, const char *value)
{
	buf_printf(b, "%s %zu:%s\n", name, strlen(value), value);
}

static void
add_number(struct buf *b, const char *name, int64_t value)
{
	buf_printf(b, "%s %" PRId64 "\n", name, value);
}

static void
spec_hash(struct pod_spec *s)
{
	_cleanup_buf_ struct buf b = { 0 };

	buf_add_str(&b, "janus pod 1\n");
	add_field(&b, "competitor", s->competitor);
	add_field(&b, "version", s->version);
	add_field(&b, "node", s->node);
	add_field(&b, "image", s->image_id);
	add_number(&b, "port", s->port);
	add_number(&b, "memory", s->memory_bytes);
	add_number(&b, "cpus", s->nano_cpus);
	add_number(&b, "tmpfs", s->tmpfs_bytes);
	add_number(&b, "shm", s->shm_bytes);
	add_number(&b, "log", s->log_bytes);
	add_number(&b, "pids", s->pids);
	add_number(&b, "nofile", s->nofile);
	if (s->second)
		add_field(&b, "engine", "second");
	for (size_t i = 0; i < s->nenv; i++)
		if (!promised_env_is_secret(s->env[i]))
			add_field(&b, "env", s->env[i]);
	for (size_t i = 0; i < s->nvolumes; i++)
		add_field(&b, "volume", s->volumes[i]);
	for (size_t i = 0; i < s->ncommand; i++)
		add_field(&b, "command", s->command[i]);
	hash_sha256_hex(b.data, b.len, s->hash);
}

bool
policy_is_second(const struct policy *p, const struct manifest *m)
{
	return p->second != SECOND_NEVER &&
	    (m->engine == ENGINE_SANDY || (p->second == SECOND_ALWAYS && m->engine == ENGINE_ANY));
}

void
pod_spec_build(const struct policy *p, const struct manifest *m, const struct image_info *image,
    const struct pod_identity *id, struct pod_spec *out)
{
	struct pod_spec s = {
		.port = m->port,
		.uid = id->uid,
		.memory_bytes = smaller(p->memory_bytes, m->memory_bytes),
		.nano_cpus = smaller(p->nano_cpus, m->nano_cpus),
		.tmpfs_bytes = p->tmpfs_bytes,
		.shm_bytes = p->shm_bytes,
		.log_bytes = p->log_bytes,
		.pids = p->pids,
		.nofile = p->nofile,
		.volumes = strings_copy(image->volumes, image->nvolumes),
		.nvolumes = image->nvolumes,
		.second = policy_is_second(p, m),
	};

	str_copy(s.instance, sizeof(s.instance), id->instance);
	str_copy(s.competitor, sizeof(s.competitor), id->competitor);
	str_copy(s.version, sizeof(s.version), id->version);
	str_copy(s.node, sizeof(s.node), id->node);
	str_copy(s.image_id, sizeof(s.image_id), image->id);
	build_env(m, id, &s);
	spec_hash(&s);
	*out = s;
}

void
pod_spec_done(struct pod_spec *s)
{
	strings_free(s->env, s->nenv);
	strings_free(s->volumes, s->nvolumes);
	strings_free(s->command, s->ncommand);
	s->env = s->volumes = s->command = NULL;
	s->nenv = s->nvolumes = s->ncommand = 0;
}

void
image_info_done(struct image_info *i)
{
	strings_free(i->volumes, i->nvolumes);
	free(i->manifest);
	i->volumes = NULL;
	i->nvolumes = 0;
	i->manifest = NULL;
}
