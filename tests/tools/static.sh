#!/bin/sh
# What can be checked without running anything: prints "ok NAME" or "not ok NAME" lines.
cd "$(dirname "$0")/../.." || exit 1
files() { git ls-files -co --exclude-standard -- "$@" | while read -r f; do [ -f "$f" ] && echo "$f"; done; }

verdict() { # NAME, then what is wrong, one thing a line, on standard input
	wrong=$(cat)
	if [ -z "$wrong" ]; then
		echo "ok $1"
	else
		echo "not ok $1"
		echo "$wrong" | sed 's/^/  /'
	fi
}

format() {
	command -v clang-format >/dev/null || { echo "skip format (no clang-format)"; return; }
	files '*.c' '*.h' '*.cc' | while read -r f; do
		clang-format "$f" | cmp -s - "$f" || echo "$f: run make format"
	done | verdict format
}

layer_of_header() { # NAME of include/ctop/NAME.h
	listed=$(sed -n "s/^header $1 //p" tests/layers.txt)
	[ -n "$listed" ] && { echo "$listed"; return; }
	for d in src/*/; do
		[ -f "$d$1.c" ] || [ -n "$(find "$d" -name "$1_*.c" -print -quit)" ] && { basename "$d"; return; }
	done
	echo unknown
}

layers() {
	map=$(mktemp)
	for h in include/ctop/*.h; do
		n=$(basename "$h" .h)
		echo "$n $(layer_of_header "$n")"
	done >"$map"
	grep ' unknown$' "$map" | sed 's/^/no layer for header /'
	files 'src/*/*.c' 'src/*/*.h' | while read -r f; do
		layer=$(basename "$(dirname "$f")")
		may=" $layer $(sed -n "s/^$layer://p" tests/layers.txt) "
		sed -n 's/^#include "ctop\/\(.*\)\.h"/\1/p' "$f" | while read -r n; do
			to=$(sed -n "s/^$n //p" "$map")
			case $may in
			*" $to "*) ;;
			*) echo "$f includes ctop/$n.h of layer $to" ;;
			esac
		done
	done
	rm -f "$map"
}

opens() { # only the broker opens what belongs to a target
	grep -nE '(^|[^_a-z])(open|openat|fopen|open64)\(' src/image/*.c src/symbol/*.c src/unwind/*.c
}

curses() {
	grep -lE '#include <(n?cursesw?|term)\.h>' src/*/*.[ch] | grep -v '^src/ui/term.c$'
}

headers() {
	for h in include/ctop/*.h; do
		echo "#include \"ctop/$(basename "$h")\"" |
			cc -std=c17 -D_GNU_SOURCE -Iinclude -Wall -Werror -xc -fsyntax-only - 2>/dev/null ||
			echo "$h does not compile alone"
	done
}

shells() {
	files '*.sh' .ci/run | while read -r f; do sh -n "$f" 2>&1; done
}

warnings() { # both compilers, every warning an error
	for cc in gcc clang; do
		command -v $cc >/dev/null || { echo "$cc is not installed"; continue; }
		env -u MAKEFLAGS -u MFLAGS make -s CC=$cc WERROR=1 SANITIZE= all 2>&1 | grep -E ': (fatal )?(error|warning): '
	done
}

format
layers | verdict layers
opens | verdict only-the-broker-opens
curses | verdict one-file-knows-curses
headers | verdict headers-stand-alone
shells | verdict shell-syntax
warnings | verdict no-warnings-gcc-clang
