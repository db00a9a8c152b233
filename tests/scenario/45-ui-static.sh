#!/usr/bin/env bash
#
# 45-ui-static.sh - the web UI as janusd serves it, in a real browser: budgets, a gateway that goes away, pages of other sites. [L07] [L10] [L11]
. "$(dirname "$0")/lib.sh"

images link
ui_port=$(free_port)
start_platform
start_janusd JANUS_UI_PORT="$ui_port" JANUS_LOG=debug

# --- the bundle ---------------------------------------------------------------------
page=$(curl -sS "$url/")
has "the first page is the bundle's" '<div id="root">' "$page"
asset=$(grep -oE '/assets/[^"]+\.js' <<<"$page" | head -n 1)
for coding in identity gzip br; do
	same "$coding: what comes is what it was" "$(sha256sum <"$root/build/ui$asset")" \
		"$(curl -sS --compressed -H "accept-encoding: $coding" "$url$asset" | sha256sum)"
done
ask -I "$url$asset" -H 'accept-encoding: br, gzip'
has "br is preferred" '^content-encoding: br$' "$head"
has "what is named after its content never changes" '^cache-control: public, max-age=31536000, immutable$' "$head"
etag=$(sed -n 's/^etag: //p' <<<"$head")
ask "$url$asset" -H 'accept-encoding: br, gzip' -H "if-none-match: $etag"
same "and is not sent again" 304 "$status"

# --- no file is opened ---------------------------------------------------------
for path in /assets/../index.html /assets/%2e%2e/index.html "/assets/..%2findex.html" //etc/passwd /../../etc/passwd "$asset/../../index.html"; do
	ask --path-as-is "$url$path"
	refused "$path" 400 bad_request
done
for path in /etc/passwd /.git/config /assets /assets/ "${asset^^}" "$asset.map"; do
	ask --path-as-is "$url$path"
	refused "$path" 404 resource_not_found
done

# --- the second port ------------------------------------------------------------------
same "the second port has the same page" "$page" "$(curl -sS "http://127.0.0.1:$ui_port/")"
ask "http://127.0.0.1:$ui_port/v1/models"
same "  and the same API" 200 "$status"
ask "http://127.0.0.1:$ui_port/" -H 'host: evil.example'
refused "  for no other host" 421 misdirected_request

# --- in a browser -------------------------------------------------------------------
# The tests stop janusd and start it again; pid is where the last one's is.
cat >"$work/gateway" <<-END
	#!/usr/bin/env bash
	set -euo pipefail
	pid=\$(cat "$work/janusd.pid")
	case \$1 in
	stop)	# gone as lib.sh has it: only then its locks are free
		kill -KILL "\$pid"
		while kill -0 "\$pid" 2>/dev/null; do
			tasks=("/proc/\$pid/task"/*)
			if [ "\${#tasks[@]}" -le 1 ] && grep -qs '^State:[[:space:]]*Z' "/proc/\$pid/status"; then break; fi
			read -r -t 0.02 <>"$world/never" || true
		done
		;;
	start)
		if curl -sf --max-time 2 -o /dev/null "$url/livez"; then exit 0; fi
		DOCKER_HOST="unix://$engine" setsid "$bin/janusd" >>"$work/janusd.log" 2>&1 </dev/null &
		echo \$! >"$work/janusd.pid"
		until curl -sf --max-time 2 -o /dev/null "$url/livez"; do read -r -t 0.05 <>"$world/never" || true; done
		;;
	esac
END
chmod +x "$work/gateway"
echo "${pids[janusd]}" >"$work/janusd.pid"
browser_tests static.test.js GATEWAY="$work/gateway"
pids[janusd]=$(cat "$work/janusd.pid")

# --- counted and logged ---------------------------------------------------------------
has "all of it is counted under one name" '^janus_http_requests_total\{surface="gateway",route="ui",method="GET",code="200"\} [0-9]+' \
	"$(curl -sS "$url/metrics")"
truth "assets are logged at the level debug, pages at info" \
	'map(select(.status == 200 and (.route | startswith("/assets/")))) | length > 0 and all(.level == "debug")' \
	"$(grep -h '"request.done"' "$work/janusd.log" | jq -sc .)"

# --- with keys, on another address than loopback -----------------------------------------
end janusd
address=$(hostname -I | tr ' ' '\n' | grep -m 1 -E '^[0-9.]+$')
start_janusd JANUS_HOST="$address"
ask "http://$address:$JANUS_PORT/" -H 'accept: text/html'
same "pages need no key" 200 "$status"
ask "http://$address:$JANUS_PORT$asset"
same "  nor has an asset" 200 "$status"
ask "http://$address:$JANUS_PORT/v1/models" -H 'accept: text/html'
refused "  what they show does" 401 invalid_api_key
