# shellcheck shell=bash disable=SC2154,SC2034
#
# calling.sh - sourced after lib.sh: what a competitor of the image hostile-caller calls of the platform, from inside its pod.

# say METHOD PATH [BODY [HEADER...]]: the bytes of a request
say() {
	local method=$1 path=$2 data=${3:-} each
	shift $(($# < 3 ? $# : 3))
	printf '%s %s HTTP/1.1\r\nhost: 127.0.0.1:8600\r\nconnection: close\r\n' "$method" "$path"
	for each in "$@"; do printf '%s\r\n' "$each"; done
	[ -z "$data" ] || printf 'content-type: application/json\r\ncontent-length: %d\r\n' "${#data}"
	printf '\r\n%s' "$data"
}

in_hex() { od -An -v -tx1 | tr -d ' \n'; }

# have_called COMPETITOR ID WORDS [CURL-OPTIONS]: a chat with that id, whose words are calls to make
have_called() {
	ask "$url/v1/chat/completions" -H 'content-type: application/json' -H "x-request-id: $2" "${@:4}" \
		-d "{\"model\":\"janus/$1\",\"messages\":[{\"role\":\"user\",\"content\":\"$3\"}]}"
}

# send COMPETITOR [ID]: what stdin holds goes from its pod to the platform, in a chat with that id; sets raw,
# said_status and said, the body without the sizes of chunks
chats=1000
send() {
	have_called "$1" "${2:-chat-$1-$((++chats))}" "call:$(in_hex)"
	raw=$(jq -r '.choices[0].message.content' <<<"$body" | xxd -r -p | tr -d '\0')
	said_status=$(head -n 1 <<<"$raw" | cut -d' ' -f2)
	said=$(tr -d '\r' <<<"$raw" | sed '1,/^$/d' | grep -vE '^[0-9a-f]+$' || true)
}

call() { send "$1" < <(say "${@:2}"); }	# COMPETITOR METHOD PATH [BODY [HEADER...]]
refused_there() { same "$1: $2" "$2" "$said_status"; has "$1: $3" "\"$3\"" "$raw"; }
