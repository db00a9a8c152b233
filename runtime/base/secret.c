/*
 * secret.c - a file's only line, or a variable.
 */
#include "runtime/base/secret.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/str.h"

#define SECRET_MAX_BYTES 4096

static const char *
value_of(secret_env_fn *env, const char *name)
{
	const char *v = env(name);

	return v != NULL && v[0] != '\0' ? v : NULL;
}

static int
take(const char *from, const char *text, size_t len, char **out, struct error *err)
{
	while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL)
		len--;
	if (len == 0 || strcspn(text, "\r\n") < len)
		return error_set(err, ERROR_INVALID, "%s: a key is one line", from);
	*out = str_ndup(text, len);
	return 0;
}

static int
read_line(const char *path, char **out, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;

	if (file_read(path, SECRET_MAX_BYTES, &text, &len, err) < 0)
		return -1;
	const int rc = strlen(text) == len
	    ? take(path, text, len, out, err)
	    : error_set(err, ERROR_INVALID, "%s: a key is one line", path);
	explicit_bzero(text, len);
	return rc;
}

char *
secret_credential(const char *name, secret_env_fn *env)
{
	const char *dir = value_of(env, "CREDENTIALS_DIRECTORY");
	_cleanup_free_ char *path = dir != NULL ? str_printf("%s/%s", dir, name) : NULL;

	if (path == NULL)
		return NULL;
	for (char *p = path + strlen(dir) + 1; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	return access(path, F_OK) == 0 ? TAKE(path) : NULL;
}

/* One of the names; out stays as it is where that is not set. */
static int
find_one(const char *name, secret_env_fn *env, struct secret *out, struct error *err)
{
	_cleanup_free_ char *variable = str_printf("%s_FILE", name);
	_cleanup_free_ char *credential = secret_credential(name, env);
	const char *value = value_of(env, name), *file = value_of(env, variable);

	if (value != NULL && file != NULL)
		return error_set(err, ERROR_INVALID, "%s and %s are both set", name, variable);
	if (credential != NULL)
		file = credential;
	if (file == NULL && value == NULL)
		return 0;
	const int rc = file != NULL ? read_line(file, &out->text, err)
				    : take(name, value, strlen(value), &out->text, err);
	if (rc < 0)
		return file == NULL ? -1 : error_add(err, "%s", name);
	out->file = str_dup(file);
	out->name = name;
	return 0;
}

int
secret_find(const char *const *names, secret_env_fn *env, struct secret *out, struct error *err)
{
	*out = (struct secret){ 0 };
	for (; *names != NULL && out->text == NULL; names++)
		if (find_one(*names, env, out, err) < 0)
			return -1;
	return 0;
}

void
secret_forget(struct secret *s)
{
	if (s->text != NULL)
		explicit_bzero(s->text, strlen(s->text));
	free(s->text);
	free(s->file);
	*s = (struct secret){ 0 };
}

static const char *
environment(const char *name)
{
	return getenv(name);
}

int
secret_read(const char *file, const char *const *names, char **out, struct error *err)
{
	struct secret s = { 0 };

	*out = NULL;
	if (file != NULL)
		return read_line(file, out, err);
	if (secret_find(names, environment, &s, err) < 0)
		return -1;
	*out = TAKE(s.text);
	secret_forget(&s);
	return 0;
}

bool
secret_is_loose(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && (st.st_mode & (S_IROTH | S_IWOTH)) != 0;
}
