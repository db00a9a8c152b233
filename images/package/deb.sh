#!/usr/bin/env bash
#
# deb.sh - a Debian package of what is built; `make deb`.
#
#   images/package/deb.sh VERSION OUT-DIR
#
# SOURCE_DATE_EPOCH is the time of all that is in it: the same programs make the same package, to the byte.  COMPRESS=none is quick.
set -euo pipefail
cd "$(dirname "$0")/../.."
umask 022
export LC_ALL=C TZ=UTC

version=$1 out=$2
here=images/package
: "${SOURCE_DATE_EPOCH:?the time of the sources, in seconds}"
export SOURCE_DATE_EPOCH
for tool in dpkg-deb dpkg-shlibdeps strip; do
	command -v "$tool" >/dev/null || { echo "deb.sh: $tool is missing (apt-get install dpkg-dev binutils)" >&2; exit 1; }
done
arch=$(dpkg --print-architecture)
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/janus

DESTDIR=$tree PREFIX=/usr UNITS=/lib/systemd/system "$here/install.sh"

doc=$tree/usr/share/doc/janus
bundled=$("$here/sbom.py" --bundled)
awk -v text="$bundled" '{ if ($0 == "@bundled@") print text; else print }' "$here/debian/copyright" >"$doc/copyright"
gzip -9n <CHANGELOG.md >"$doc/NEWS.gz"
printf 'janus (%s) unstable; urgency=medium\n\n  * See NEWS.gz.\n\n -- Janus maintainers <janus@localhost.localdomain>  %s\n' \
	"$version" "$(date -Rd "@$SOURCE_DATE_EPOCH")" | gzip -9n >"$doc/changelog.gz"
install -D -m 644 "$here/debian/lintian-overrides" "$tree/usr/share/lintian/overrides/janus"

# What the loader asks for; dpkg-shlibdeps wants to stand beside a debian/control.
mkdir -p "$work/debian"
printf 'Source: janus\n\nPackage: janus\nArchitecture: any\n' >"$work/debian/control"
mapfile -t linked < <(find "$tree/usr/bin" "$tree/usr/lib/janus" -type f -exec sh -c 'readelf -d "$1" | grep -q NEEDED' sh {} \; -print | sort)
shlibs=$(cd "$work" && dpkg-shlibdeps -O "${linked[@]/#/-e}" 2>"$work/shlibs.log" | sed -n 's/^shlibs:Depends=//p')

[ -n "$shlibs" ] || { cat "$work/shlibs.log" >&2; exit 1; }

mkdir -p "$tree/DEBIAN"
size=$(find "$tree" -type f ! -path '*/DEBIAN/*' -printf '%s\n' | awk '{ n += int(($1 + 1023) / 1024) } END { print n }')
sed -e "s|@version@|$version|; s|@arch@|$arch|; s|@size@|$size|; s|@shlibs@|$shlibs|" "$here/debian/control.in" >"$tree/DEBIAN/control"
install -m 644 "$here/debian/conffiles" "$tree/DEBIAN/conffiles"
install -m 755 "$here"/debian/{postinst,prerm,postrm} "$tree/DEBIAN/"
(cd "$tree" && find . -type f ! -path './DEBIAN/*' ! -path './etc/*' -printf '%P\0' | sort -z | xargs -0 md5sum) >"$tree/DEBIAN/md5sums"

find "$tree" -print0 | xargs -0 touch --no-dereference --date="@$SOURCE_DATE_EPOCH"
deb=$out/janus_${version}_$arch.deb
dpkg-deb --root-owner-group "-Z${COMPRESS:-xz}" --build "$tree" "$deb" >/dev/null
printf '  deb  %s, %s\n' "$deb" "$(sha256sum "$deb" | cut -d' ' -f1)"
