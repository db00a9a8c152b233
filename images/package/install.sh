#!/usr/bin/env bash
#
# install.sh - what `make install` puts where.
#
#   DESTDIR= PREFIX=/usr/local BIN=build/bin images/package/install.sh
#
# PREFIX/bin: the programs that people and systemd start.  PREFIX/lib/janus: those that go into images.  PREFIX/share/janus: the images'
# makings, the suites.  Man pages, docs, completions, units, and the settings in SYSCONFDIR (/etc), which are not written over.
# UNITS, SYSUSERS and TMPFILES name other places for what systemd reads.  No program keeps its debugging symbols.
set -euo pipefail
cd "$(dirname "$0")/../.."
umask 022

prefix=${PREFIX:-/usr/local}
etc=${SYSCONFDIR:-/etc}
bin=${BIN:-build/bin}
units=${UNITS:-$prefix/lib/systemd/system}
sysusers=${SYSUSERS:-$prefix/lib/sysusers.d}
tmpfiles=${TMPFILES:-$prefix/lib/tmpfiles.d}
to=${DESTDIR:-}
share=$prefix/share
here=images/package

readonly programs=(janusd janusctl janus-platform janus-sandboxd janus-bench)
readonly ingredients=(janus-baseline janus-agent janus-opponent janus-link janus-canary janus-sandbox-agent)
readonly images=(base link baseline sandbox)

put() {	# MODE FILE DIRECTORY [NAME]
	install -D -m "$1" "$2" "$to$3/${4:-${2##*/}}"
}

filled() {	# FILE DIRECTORY [NAME]: with the places of this installation in it
	mkdir -p "$to$2"
	sed -e "s|@bin@|$prefix/bin|g; s|@lib@|$prefix/lib|g; s|@share@|$share|g; s|@etc@|$etc|g" "$1" >"$to$2/${3:-${1##*/}}"
	chmod 644 "$to$2/${3:-${1##*/}}"
}

program() {	# NAME DIRECTORY
	put 755 "$bin/$1" "$2"
	strip --strip-unneeded "$to$2/$1"
}

setting() {	# FILE: unless there is one
	[ -e "$to$etc/janus/$1" ] || put 644 "$here/$1" "$etc/janus"
}

for name in "${programs[@]}"; do program "$name" "$prefix/bin"; done
for name in "${ingredients[@]}"; do program "$name" "$prefix/lib/janus"; done

for page in docs/man/*.[1-8]; do
	section=${page##*.}
	put 644 "$page" "$share/man/man$section"
	gzip -9nf "$to$share/man/man$section/${page##*/}"
done

ctl=$to$prefix/bin/janusctl
mkdir -p "$to$share"/{bash-completion/completions,zsh/vendor-completions,fish/vendor_completions.d}
"$ctl" completion bash >"$to$share/bash-completion/completions/janusctl"
"$ctl" completion zsh >"$to$share/zsh/vendor-completions/_janusctl"
"$ctl" completion fish >"$to$share/fish/vendor_completions.d/janusctl.fish"

# Of what is in the images, and how a stopped Janus is cleared away: the same files as in the sources.
for name in build.sh engine.sh; do put 755 "images/$name" "$share/janus/images"; done
for name in "${images[@]}"; do put 644 "images/$name/Containerfile" "$share/janus/images/$name"; done
for name in local.sh down.sh; do put 755 "controlplane/$name" "$share/janus/controlplane"; done
chmod 644 "$to$share/janus/images/engine.sh" "$to$share/janus/controlplane/local.sh"
while IFS= read -r file; do
	put 644 "$file" "$share/janus/suites/$(dirname "${file#bench/suites/}")"
done < <(find bench/suites/public -type f | LC_ALL=C sort)

while IFS= read -r file; do
	put 644 "$file" "$share/doc/janus/$(dirname "${file#docs/}")"
done < <(find docs -type f \( -name '*.md' -o -path 'docs/grafana/*' -o -path 'docs/examples/*' -o -name openapi.json \) | LC_ALL=C sort)

setting janus.conf
setting environment
setting platform.env
setting sandbox.env
mkdir -p "$to$etc/janus/janus.conf.d"
if [ "$prefix" != /usr ] && [ ! -e "$to$etc/janus/janus.conf.d/00-prefix.conf" ]; then	# where the programs look by themselves is below /usr
	printf 'bench {\n\tsuites_dir = "%s"\n}\n' "$share/janus/suites" >"$to$etc/janus/janus.conf.d/00-prefix.conf"
fi

for unit in "$here"/systemd/*; do filled "$unit" "$units"; done
put 644 "$here/janus.sysusers" "$sysusers" janus.conf
put 644 "$here/janus.tmpfiles" "$tmpfiles" janus.conf
