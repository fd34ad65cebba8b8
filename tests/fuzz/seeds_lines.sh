#!/bin/sh
# Makes the seeds of fuzz_lines: sh tests/fuzz/seeds_lines.sh tests/fuzz/seeds/fuzz_lines
# They are small programs without a library, compiled in the ways that lay out debug information
# differently. Needs g++, clang, objcopy, dwz; those here are of gcc 12.2, clang 14, dwz 0.15.
set -e
out=$(realpath "$1")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
cat >a.cc <<'C'
namespace n { struct s { int v; __attribute__((always_inline)) int twice(int x) { return x * v; } }; }
static inline __attribute__((always_inline)) int in(n::s *p, int x) {
	int r = 0;
	for (int i = 0; i < x; i++) { int t = p->twice(i); if (t & 4) r += t; }
	return r;
}
__attribute__((noinline, cold)) int cold(int x) { return x + 1; }
extern "C" int work(n::s *p, int x) { if (__builtin_expect(x > 9, 0)) return cold(in(p, x)); return in(p, x) + in(p, 3); }
C
sed -e s:work:other: -e s:cold:rare:g a.cc >b.cc
same="-w -O2 -fno-asynchronous-unwind-tables -fno-exceptions -fdebug-prefix-map=$tmp=/seed"
link="$same -nostdlib -static -Wl,-e,work -Wl,-z,noseparate-code -Wl,--build-id=none"
one() { # NAME COMPILER OPTIONS…
	name=$1
	shift
	# shellcheck disable=SC2086
	"$@" $link a.cc b.cc -o "$name"
	objcopy --remove-section=.comment --remove-section='.note*' --remove-section=.eh_frame "$name"
	cp "$name" "$out/$name"
}
two() { # NAME KIND SECOND: appends the second file and what fuzz_lines.c knows it by
	{
		cat "$1" "$3"
		printf '%s\0' "$2"
		n=$(stat -c %s "$3")
		# shellcheck disable=SC2059
		printf "\\$(printf %o $((n % 256)))\\$(printf %o $((n / 256)))\\0\\0"
	} >"$out/$1"
}
one gcc5 g++ -gdwarf-5
one gcc5-64 g++ -gdwarf-5 -gdwarf64
one gcc4 g++ -gdwarf-4
one gcc4-types g++ -gdwarf-4 -fdebug-types-section
one gcc3 g++ -gdwarf-3 -gstrict-dwarf
one gcc5-z g++ -gdwarf-5 -gz
one gcc5-zgnu g++ -gdwarf-5 -gz=zlib-gnu
one gcc5-sections g++ -gdwarf-5 -ffunction-sections
one clang5 clang++ -gdwarf-5
one clang5-64 clang++ -gdwarf-5 -gdwarf64
one clang4 clang++ -gdwarf-4
one clang5-sections clang++ -gdwarf-5 -ffunction-sections
# The name of the .dwo file becomes that of the descriptor which the target gives it.
for v in 4 5; do
	for cc in g++ clang++; do
		name=$cc$v-split
		# shellcheck disable=SC2086
		$cc $same -gdwarf-$v -gsplit-dwarf -c a.cc -o 0123456789abc.o
		# shellcheck disable=SC2086
		$cc $link 0123456789abc.o -o "$name"
		sed -i 's,0123456789abc.dwo,/proc/self/fd/100,' "$name"
		two "$name" DWO 0123456789abc.dwo
	done
done
# shellcheck disable=SC2086
g++ -gdwarf-4 $link a.cc b.cc -o dwz4
cp dwz4 twin
dwz -m alt dwz4 twin
two dwz4 ALT alt
ls -l "$out"
