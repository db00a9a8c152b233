#!/usr/bin/env bash
#
# 55-packages.sh - what is installed: a place of its own, the Debian package, the release, the units, the list of what is in them.
#
# In full, with systemd and with compose: make test-deb, make test-compose, make reproducible.
. "$(dirname "$0")/lib.sh"

export SOURCE_DATE_EPOCH=1700000000
built=$root/build/bin
version=$("$built/janusd" -V)
version=${version##* }
sources=$root/images/package
for tool in systemd-analyze dpkg-shlibdeps mandoc python3; do
	command -v "$tool" >/dev/null || giveup "$tool is there"
done

# --- make install ------------------------------------------------------------------------

place=$world/usr
install_it() { BIN=$built PREFIX=$place SYSCONFDIR=$world/etc "$sources/install.sh"; }
out=$(install_it 2>&1) || giveup "it installs below a prefix" "$out"
same "programs to start" "janus-bench janus-platform janus-sandboxd janusctl janusd" "$(find "$place/bin" -type f -printf '%f\n' | sort | paste -sd' ')"
same "and those for images" "janus-agent janus-baseline janus-canary janus-link janus-opponent janus-sandbox-agent" \
	"$(find "$place/lib/janus" -type f -printf '%f\n' | sort | paste -sd' ')"
same "which are those of the build" "$(sha256sum <"$built/janus-link")" "$(sha256sum <"$place/lib/janus/janus-link")"
pages=$(find "$place/share/man" -name '*.gz' | wc -l)
same "a man page for each of the sources'" "$(find "$root/docs/man" -name '*.[1-8]' | wc -l)" "$pages"
has "they can be read" JANUSD "$(MANPATH=$place/share/man man -P cat 8 janusd 2>/dev/null || zcat "$place/share/man/man8/janusd.8.gz" | mandoc -T ascii)"
completed=$(PATH=$place/bin:$PATH bash -c '. "$1"; COMP_WORDS=(janusctl lis); COMP_CWORD=1; _janusctl; echo "${COMPREPLY[@]}"' bash \
	"$place/share/bash-completion/completions/janusctl")
has "words are completed" '(^| )list( |$)' "$completed"
check "for zsh and fish, too" test -s "$place/share/zsh/vendor-completions/_janusctl" -a -s "$place/share/fish/vendor_completions.d/janusctl.fish"
same "the suites are those of the sources" "$("$built/janus-bench" list suites --suites-dir "$root/bench/suites" --output json 2>/dev/null | sha256sum)" \
	"$("$place/bin/janus-bench" list suites --suites-dir "$place/share/janus/suites" --output json 2>/dev/null | sha256sum)"
printf 'port = "1234"\n' >>"$world/etc/janus/janus.conf"
check "it installs over itself" install_it
has "and leaves the settings" 1234 "$(cat "$world/etc/janus/janus.conf")"
check "the settings are valid" "$place/bin/janusd" -c "$world/etc/janus/janus.conf" -T
lacks "no place is left to fill in" '@[a-z]+@' "$(grep -rE '@(bin|lib|share|etc)@' "$place/lib/systemd" || true)"

# --- units -------------------------------------------------------------------------------

units=$place/lib/systemd/system
export SYSTEMD_UNIT_PATH=$units:/lib/systemd/system:/usr/lib/systemd/system
verified=$(MANPATH=$place/share/man systemd-analyze verify --man=no --recursive-errors=no \
	"$units"/janus{d.service,d.socket,-platform.service,-sandboxd.service} "$units/janus-image@link.service" 2>&1) || true
same "systemd has nothing to say about the units" '' "$verified"
for unit in janusd janus-platform janus-sandboxd janus-image@link; do
	out=$(systemd-analyze security --no-pager --offline=true --threshold=25 "$unit.service" 2>&1) ||
		bad "$unit is exposed by 2.5 at most" "$(tail -n 1 <<<"$out")"
	ok "$unit is exposed by 2.5 at most:$(sed -n 's/.*level for .*: //p' <<<"$out")"
done
for unit in janusd janus-platform janus-sandboxd; do
	has "$unit notifies, and has a watchdog" '^(Type=notify|WatchdogSec=.*) (Type=notify|WatchdogSec=.*)$' \
		"$(grep -E '^(Type|WatchdogSec)=' "$units/$unit.service" | paste -sd' ')"
done
has "an image that could not be made is tried again" '^Restart=on-failure$' "$(cat "$units/janus-image@.service")"
lacks "the broker may not use the engine" 'docker$' "$(grep -E '^(Supplementary|Group)' "$units/janus-platform.service")"
unset SYSTEMD_UNIT_PATH

# --- the Debian package ---------------------------------------------------------------------

out=$(COMPRESS=none BIN=$built "$sources/deb.sh" "$version" "$work" 2>&1) || giveup "a Debian package is made" "$out"
deb=$(echo "$work"/janus_*.deb)
depends=$(dpkg-deb -f "$deb" Depends)
missing=$(for each in libmicrohttpd12 libcurl4 libgnutls30 libcjson1 libsqlite3-0 libssl3 libconfuse2 libsmartcols1 libarchive13 zlib1g libc6; do
	grep -q "\b$each\b" <<<"$depends" || echo "$each"; done)
same "it depends on what is linked" '' "$missing"
same "its settings are the user's" "$(cd "$world" && find etc/janus -maxdepth 1 -type f -printf '/%p\n' | sort)" "$(dpkg-deb --ctrl-tarfile "$deb" | tar -xOf - ./conffiles | sort)"
same "all of it is root's, of one time, and nobody else's to write" '' \
	"$(dpkg-deb --fsys-tarfile "$deb" | TZ=UTC tar --numeric-owner -tvf - | grep -vE '^.rw.r-.r-. +0/0 .* 2023-11-14 22:13 ' || true)"
for script in postinst prerm postrm; do
	dpkg-deb --ctrl-tarfile "$deb" | tar -xOf - "./$script" >"$work/$script"
	check "$script is a shell's" sh -n "$work/$script"
done
dpkg-deb -x "$deb" "$world/deb"
check "what it says of its files is so" bash -c 'cd "$1" && dpkg-deb --ctrl-tarfile "$2" | tar -xOf - ./md5sums | md5sum --quiet -c' bash "$world/deb" "$deb"

# --- the release ----------------------------------------------------------------------------

out=$("$sources/tarball.sh" "$version" "$work" 2>&1) || giveup "a release is made" "$out"
check "its sum is beside it" bash -c 'cd "$1" && sha256sum --quiet -c janus-*.sha256' bash "$work"
tar -C "$world" -xf "$work/janus-$version.tar.gz"
release=$world/janus-$version
lacks "it has sources only, and no packages" '^\./(build|.*node_modules|\.git)/' "$(cd "$release" && find . -type f)"
without_node=$world/path
mkdir "$without_node"
for tool in bash cat cmp cp echo find mkdir sh stat; do ln -s "$(command -v "$tool")" "$without_node/"; done
make_path=$(command -v make)
out=$(cd "$release" && env -u MAKEFLAGS -u MAKELEVEL PATH="$without_node" "$make_path" --no-print-directory build/gen/ui_table.inc 2>&1) ||
	bad "its UI needs no Node" "$out"
same "the UI is the one that was made" "$(sha256sum <"$root/build/gen/ui.pack")" "$(sha256sum <"$release/build/gen/ui.pack")"

# --- what is in it -----------------------------------------------------------------------------

out=$(BIN=$built "$sources/sbom.py" "$work/janus.cdx.json" 2>&1) || bad "what is in it is listed" "$out"
truth "libraries, npm packages and what is compiled in, with versions or digests" '.bomFormat == "CycloneDX"
	and ([.components[] | select(.name == "libmicrohttpd12").version] | length == 1)
	and ([.components[] | select(.name == "react" and .scope == "required")] | length == 1)
	and ([.components[] | select(.type == "file" and .name == "docs/openapi.json").hashes[0].content | length] == [64])
	and all(.components[]; .version != null or .hashes != null)' "$(cat "$work/janus.cdx.json")"
check "docs/dependencies.md says the same" env BIN="$built" "$sources/sbom.py" --docs --check

# --- as installed, it runs ------------------------------------------------------------------------

bin=$world/deb/usr/bin
PATH=$bin:$PATH
start_janus
baseline
chat janus/baseline-agent "What is 12 * 34?"
same "the package's programs answer a chat" 200 "$status"
has "rightly" 408 "$body"
has "with pages" '<title>' "$(curl -sS --max-time 30 "$url/")"
check "janusctl health" "$bin/janusctl" health
