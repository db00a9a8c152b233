# shellcheck shell=bash disable=SC2154
#
# failing.sh - sourced after lib.sh: one call of the C library fails in a daemon, as long as a scenario says.
#
# A daemon takes part with LD_PRELOAD=$work/failing.so; the sanitizers wrap the same calls: plain programs only.
cc -shared -fPIC -O1 -D_GNU_SOURCE -o "$work/failing.so" "$root/tests/scenario/failing.c" -ldl
export FAILING=$work/fault
head -c 44 /dev/zero >"$FAILING"

# fault CALL ERROR EVERY TIMES: from now on; ERROR an errno's name, or SHORT
fault() {
	python3 - "$FAILING" "$@" <<-'END'
		import errno, struct, sys
		path, call, error, every, times = sys.argv[1:]
		number = -1 if error == "SHORT" else getattr(errno, error, 0)
		with open(path, "r+b") as file:
		    file.write(struct.pack("24siiiii", call.encode(), number, int(every), int(times), 0, 0))
	END
}
hits() { python3 -c 'import struct,sys; print(struct.unpack("24siiiii", open(sys.argv[1],"rb").read(44))[4])' "$FAILING"; }
nothing_fails() { fault none 0 1 0; }

# daemon is a janusd that may be preloaded
daemon=$root/build/bin/janusd
[ -x "$daemon" ] || make -s -C "$root" SAN= B=build build/bin/janusd >"$work/make.log" 2>&1 || giveup "janusd is built" "$(tail "$work/make.log")"
