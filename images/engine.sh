# shellcheck shell=bash
#
# engine.sh - build and import images through the engine's HTTP API.
# shellcheck disable=SC2154	# the caller sets them
#
# Sourced.  Needs curl and tar, no client of any engine; Docker and Podman both
# answer.  The caller sets engine (path of the socket), work (a directory of
# its own) and status_file (a file in it).

say() { printf '%s\n' "$*"; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

urlencode() {
	local text=$1 out='' c i
	for ((i = 0; i < ${#text}; i++)); do
		c=${text:i:1}
		case $c in
		[A-Za-z0-9._~-]) out+=$c ;;
		*) printf -v c '%%%02X' "'$c"; out+=$c ;;
		esac
	done
	printf '%s' "$out"
}

# api METHOD PATH [curl options]: the body on stdout, the status in $status_file.
api() {
	local method=$1 path=$2
	shift 2
	curl --silent --show-error --unix-socket "$engine" -X "$method" \
		-o - -w '%{stderr}%{http_code}' "$@" "http://engine$path" 2>"$status_file"
}

status() { tail -c 3 "$status_file" 2>/dev/null; }

engine_check() {
	[ -S "$engine" ] || die "no engine socket at $engine (start Docker or Podman, or give --engine SOCKET)"
	api GET /_ping --max-time 5 >/dev/null || die "the engine at $engine does not answer: $(cat "$status_file")"
	[ "$(status)" = 200 ] || die "the engine at $engine answers $(status) to a ping"
}

image_exists() {
	api GET "/images/$1/json" --max-time 30 >/dev/null && [ "$(status)" = 200 ]
}

# Only what decides the result: Containerfile, programs, and the image below.
image_is_current() {	# image content
	local seen
	seen=$(api GET "/images/$1/json" --max-time 30) || return 1
	[ "$(status)" = 200 ] && [[ $seen == *"\"rodeo.janus.content\":"*"\"$2\""* ]]
}

image_id() {
	local seen
	seen=$(api GET "/images/$1/json" --max-time 30) || return 0
	grep -oE '"Id": ?"[^"]*"' <<<"$seen" | head -n 1 | cut -d'"' -f4 || true
}

image_content() {	# image: its content label, or its id where it has none
	local seen
	seen=$(api GET "/images/$1/json" --max-time 30) || return 1
	[ "$(status)" = 200 ] || return 1
	grep -oE '"rodeo.janus.content": ?"[0-9a-f]{64}"' <<<"$seen" | head -n 1 | grep -oE '[0-9a-f]{64}' ||
		grep -oE '"Id": ?"[^"]*"' <<<"$seen" | head -n 1
}

content_of() {	# text file...: one hash over the words and the files' bytes
	local text=$1
	shift
	{ printf '%s\n' "$text"; sha256sum -- "$@" | cut -d' ' -f1; } | sha256sum | cut -d' ' -f1
}

# The engine says 200 first and what went wrong later, as one of many lines.
stream_failed() {	# step log
	if [ "$(status)" = 200 ] && ! grep -qE '^\{"error|"errorDetail"' "$2"; then
		return 1
	fi
	say "${0##*/}: $1 failed (status $(status)); the last of what the engine said:" >&2
	sed -E 's/^\{"stream":"(.*)"\}\r?$/\1/; s/\\u001b\[[0-9;]*m//g; s/\\n/\n/g; s/\\u003e/>/g; s/\\u0026/\&/g; s/\\"/"/g' "$2" |
		tr -d '\r' | grep -v '^[[:space:]]*$' | tail -n 20 | sed 's/^/    /' >&2
	return 0
}

# image_build IMAGE CONTENT CONTEXT-DIR [BUILDARGS-JSON]
#
# The build's commands run in the host's network: package mirrors and proxies
# that work for the host work for them.
image_build() {
	local image=$1 content=$2 dir=$3 args=${4:-'{}'} log=$work/build.log from=$SECONDS
	local query before try
	before=$(image_id "$image")
	query="t=$(urlencode "$image")&dockerfile=Containerfile&rm=1&forcerm=1&networkmode=host"
	query+="&labels=$(urlencode "{\"rodeo.janus.content\":\"$content\"}")&buildargs=$(urlencode "$args")"
	say "building $image"
	tar -C "$dir" --owner=0 --group=0 --numeric-owner --mtime=@0 -cf "$work/context.tar" .
	for try in 1 2 3; do
		api POST "/build?$query" -H 'Content-Type: application/x-tar' \
			--data-binary "@$work/context.tar" >"$log" ||
			die "building $image: the engine went away: $(cat "$status_file")"
		# A step that was cached may go with somebody's old image while we are about to use it.
		grep -q 'unable to find image' "$log" || break
		say "building $image: once more ($try): a cached step was removed meanwhile"
	done
	if stream_failed "building $image" "$log"; then
		exit 1
	fi
	image_is_current "$image" "$content" || die "$image was built, but the engine does not show it"
	if [ -n "$before" ] && [ "$before" != "$(image_id "$image")" ]; then
		api DELETE "/images/$before" >/dev/null || true	# refused while a pod runs it: fine
	fi
	say "built $image in $((SECONDS - from)) s"
}

# image_import REPOSITORY TAG TAR
image_import() {
	local log=$work/import.log id
	api POST "/images/create?fromSrc=-&repo=$(urlencode "$1")&tag=$2" \
		-H 'Content-Type: application/x-tar' --upload-file "$3" >"$log" ||
		die "importing $1:$2: the engine went away: $(cat "$status_file")"
	if stream_failed "importing $1:$2" "$log"; then
		exit 1
	fi
	image_exists "$1:$2" && return
	id=$(grep -oE '(sha256:)?[0-9a-f]{64}' "$log" | tail -n 1)	# some engines drop the tag
	api POST "/images/${id:?import gave no id}/tag?repo=$(urlencode "$1")&tag=$2" >/dev/null
	image_exists "$1:$2" || die "imported $1:$2, but the engine does not show it"
}

# The proxy of our own environment, for commands inside a build.
proxy_args() {
	local name out=''
	for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
		if [ -n "${!name:-}" ]; then
			out+="${out:+,}\"$name\":\"${!name//\"/}\""
		fi
	done
	printf '%s' "$out"
}
