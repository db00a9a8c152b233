#!/usr/bin/env bash
#
# report.sh - what run.sh measured, as docs/benchmarks.md.
#
# report.sh RESULTS ROUNDS STREAMS
set -euo pipefail

results=$1 rounds=$2 many=$3
cat <<END
# Benchmarks

Written by \`make bench\`; do not edit. $rounds round(s), medians; the proxies run one after another in each round,
each freshly started, against the same upstream and the same client, which checks every byte, the order
and \`[DONE]\`. CPU is the proxy process's own (user and system), from the operating system. Ratios are
to nginx in the same round. Absolute figures depend on the machine and on what else it does.

- nginx: one worker, \`proxy_buffering off\`, upstream connections kept, no access log.
- pump: bytes from one socket to another, nothing else; the floor.
- Janus: \`router.loops = 1\`, \`router.concurrency = 0\`, its upstream registered by \`janusctl submit url\`, checks, counters, usage rows
  and the log of each request included.
- pod: the same, its upstream as an image submitted by \`janusctl submit image\`. limited: as Janus, its upstream in a container on the
  host's network with the limits of that pod, which has less right to a processor: what differs then is the way to it.

Machine: $(nproc) cores, one the proxy's, the rest its upstream's and its client's (all are everybody's with 10,000 streams); Linux $(uname -r | cut -d- -f1);
nginx $( (nginx -v 2>&1 || /usr/sbin/nginx -v 2>&1) | sed -n 's/.*nginx\/\([0-9.]*\).*/\1/p' | head -n 1).

END
awk -v many="$many" '
function median(list,    a, n, i, j, t) {
	n = split(list, a, " ")
	if (n == 0)
		return -1
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && a[j] + 0 < a[j - 1] + 0; j--) { t = a[j]; a[j] = a[j - 1]; a[j - 1] = t }
	return n % 2 ? a[(n + 1) / 2] : (a[n / 2] + a[n / 2 + 1]) / 2
}
function value(work, name, key) { return median(all[work, name, key]) }
# Median of the ratios of each round.
function ratio(work, key, to) { return ratio_of("janus", work, key, to) }
function ratio_of(who, work, key, to,    a, b, n, i, list) {
	n = split(all[work, who, key], a, " ")
	split(all[work, to, key], b, " ")
	list = ""
	for (i = 1; i <= n; i++)
		if (b[i] > 0)
			list = list " " a[i] / b[i]
	return median(list)
}
function verdict(v, goal, must) { return v < 0 ? "not measured" : v <= goal ? "goal" : v <= must ? "must" : "**no**" }
function row(what, goal, must, text, v, g, m) { printf "| %s | %s | %s | %s | %s |\n", what, goal, must, text, verdict(v, g, m) }
function times(v) { return v < 0 ? "-" : sprintf("%.2f x", v) }
{
	for (i = 3; i <= NF; i++) {
		split($i, kv, "=")
		all[$1, $2, kv[1]] = all[$1, $2, kv[1]] " " kv[2]
		if (kv[1] == "failures")
			failures[$1, $2] += kv[2]
		if (kv[1] == "gap_ms" && kv[2] > gap[$1, $2])
			gap[$1, $2] = kv[2]
	}
	if (!(($1, $2) in seen)) {
		seen[$1, $2] = ++nrows
		rows[nrows] = $1 " " $2
	}
}
END {
	print "| work | goal | must | measured | met |\n|---|---|---|---|---|"
	v = ratio("json", "cpu_us", "nginx")
	row("JSON requests, 64 connections: CPU per request", "1.5 x nginx", "2.0 x", times(v), v, 1.5, 2.0)
	v = ratio("unpaced", "cpu_us", "nginx")
	row("unpaced streams, 64 x 200 chunks: CPU per chunk", "0.9 x nginx", "1.0 x", times(v), v, 0.9, 1.0)
	v = ratio("paced", "cpu_us", "nginx")
	row("2,000 paced streams, a chunk per 300 ms: CPU per chunk", "0.75 x nginx", "0.9 x", times(v), v, 0.75, 0.9)
	v = value("paced", "janus", "rss_kib")
	row("the same: memory per stream above idle", "12 KiB", "20 KiB", sprintf("%.1f KiB", v), v, 12, 20)
	v = ratio("paced", "p50_us", "nginx")
	row("the same: latency of a chunk, p50", "1.0 x nginx", "1.2 x", times(v), v, 1.0, 1.2)
	v = ratio("paced", "p99_us", "nginx")
	row("the same: latency of a chunk, p99", "1.0 x nginx", "1.2 x", times(v), v, 1.0, 1.2)
	v = value("ttft", "janus", "p50_us") - value("ttft", "nginx", "p50_us")
	row("low load: time to first byte, p50", "nginx + 60 µs", "nginx + 120 µs", sprintf("%+.0f µs", v), v, 60, 120)
	v = failures["many", "janus"] > 0 ? 9e9 : gap["many", "janus"]
	row("10,000 paced streams" (many < 10000 ? " (here " many ", two descriptors each)" : "") ": no failure, no gap over 2 s", "2,000 ms", "the same",
	    sprintf("%d failures, %d ms", failures["many", "janus"], gap["many", "janus"]), v, 2000, 2000)
	for (i = 1; i <= 2; i++) {
		name = i == 1 ? "fastapi" : "portkey"
		v = ratio("json", "cpu_us", name)
		if (v > 0)
			row(sprintf("%s: CPU per JSON request", i == 1 ? "FastAPI + httpx pass-through" : "Portkey gateway"),
			    "50 x Janus", "40 x", sprintf("%.0f x", 1 / v), v, 1 / 50, 1 / 40)
	}
	pod["json"] = ratio_of("pod", "json", "cpu_us", "limited")
	pod["unpaced"] = ratio_of("pod", "unpaced", "cpu_us", "limited")
	pod["paced"] = ratio_of("pod", "paced", "cpu_us", "limited")
	v = -1
	for (i in pod)
		if (pod[i] > v)
			v = pod[i]
	row("the same runs, upstream in a pod, to one with its limits behind a URL: CPU of JSON, unpaced, paced", "within 5 %", "the same",
	    v < 0 ? "-" : sprintf("%+.0f %%, %+.0f %%, %+.0f %%", 100 * (pod["json"] - 1), 100 * (pod["unpaced"] - 1), 100 * (pod["paced"] - 1)), v, 1.05, 1.05)
	v = value("idle", "janus", "rss_mib")
	row("idle, ten competitors: memory", "15 MiB", "25 MiB", sprintf("%.1f MiB", v), v, 15, 25)
	v = value("idle", "janus", "cpu_percent")
	row("idle, ten competitors: CPU of one core", "timers only", "-", sprintf("%.2f %%", v), v, 0.2, 0.2)
	print "\n## Raw figures\n"
	print "| work | proxy | requests or chunks | CPU µs each | p50 µs | p99 µs | KiB per connection | longest gap ms | failures |"
	print "|---|---|---|---|---|---|---|---|---|"
	for (i = 1; i <= nrows; i++) {
		split(rows[i], w, " ")
		if (w[1] == "idle")
			continue
		printf "| %s | %s | %d | %.2f | %.0f | %.0f | %.1f | %d | %d |\n", w[1], w[2], value(w[1], w[2], "done"),
		    value(w[1], w[2], "cpu_us"), value(w[1], w[2], "p50_us"), value(w[1], w[2], "p99_us"),
		    value(w[1], w[2], "rss_kib"), gap[w[1], w[2]], failures[w[1], w[2]]
	}
}' "$results"
cat <<END

json: p50 and p99 of a whole request; streams: of a chunk, from its writing upstream to its reading by
the client; ttft: of the first byte of the body. \`make bench QUICK=1\` measures one round,
\`make bench GATEWAYS=1\` other gateways too, where they can be installed. What ten minutes of competitors dying under many
streams look like is in [churn.md](churn.md), by \`make churn\`; how long starts take in [starts.md](starts.md), by \`make starts\`; the frames
of the chat's page in [ui-frames.md](ui-frames.md), by \`make frames\`.
END
