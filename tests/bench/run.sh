#!/bin/bash
# make bench: measurements, as ratios against peers in the same run, on the same
# process. $1 is the build directory. SECONDS_EACH (30) is the length of a recording.
build=$1
each=${SECONDS_EACH:-30}
rate=999
tmp=$(mktemp -d)
cleanup() {
	kill $(jobs -p) 2>/dev/null
	rm -rf "$tmp"
}
trap cleanup EXIT
TIMEFORMAT='%U %S'

echo "machine: $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1), $(nproc) CPUs, Linux $(uname -r)"
echo "peers: $(perf --version 2>/dev/null || echo 'no perf'), libunwind $(pkg-config --modversion libunwind)"

"$build/bench/bench_model"
"$build/bench/bench_window"
"$build/bench/bench_churn"
"$build/bench/bench_unwind"

# A program of 2 000 000 functions.
{
	echo '.text'
	awk 'BEGIN { for (i = 0; i < 2000000; i++) {
		name = "_ZN9something5other9ContainerI" i "E6methodEi" i
		printf ".globl %s\n.type %s,@function\n%s: ret\n.size %s,1\n", name, name, name, name } }'
	echo '.globl main'
	echo 'main: jmp main'
	echo '.section .note.GNU-stack,"",@progbits'
} | as -o "$tmp/many.o" - && gcc -o "$tmp/many" "$tmp/many.o" && rm "$tmp/many.o" &&
	"$build/bench/bench_symbols" "$tmp/many"

cat >"$tmp/spin.py" <<'P'
import hashlib
def inner(n):
    s = 0
    for i in range(n): s += i * i
    return s
def outer():
    while True:
        inner(100000); hashlib.sha256(b"x" * 100000).hexdigest()
outer()
P
cpu() { # the CPU seconds of a command, in $used; its output in $tmp/out
	used=$({ time "$@" >"$tmp/out" 2>&1; } 2>&1 | awk '{print $1 + $2}')
}

record() { # SECONDS PID: sets $used and $samples
	cpu "$build/ctop" record -F $rate -d "$1" -o "$tmp/x.folded" -p "$2"
	samples=$(sed -n 's/^ctop: \([0-9]*\) samples.*/\1/p' "$tmp/out")
}

warm() { # PID: until it has worked for half a second, its start behind it
	until [ "$(awk '{ print ($14 + $15 >= 50) }' "/proc/$1/stat")" = 1 ]; do sleep 0.05; done
}

compare() { # NAME PID
	local c n c5 n5 r s m
	record 5 "$2"
	c5=$used n5=$samples
	record "$each" "$2"
	c=$used n=$samples
	sed -n 's/^ctop: \(.*complete.*\)/record: '"$1"': \1/p' "$tmp/out"
	command -v perf >/dev/null || { echo "record: $1: no perf here to compare with"; return; }
	cpu perf record -F $rate --call-graph dwarf -o "$tmp/perf.data" -p "$2" -- sleep "$each"
	r=$used
	cpu perf script --no-inline -i "$tmp/perf.data"
	s=$used
	m=$(grep -c 'cpu-clock' "$tmp/out")
	awk -v name="$1" -v c="$c" -v n="$n" -v c5="$c5" -v n5="$n5" -v r="$r" -v s="$s" -v m="$m" 'BEGIN {
		a = 1e6 * c / n; b = 1e6 * r / m; d = 1e6 * (r + s) / m; one = 1e6 * (c - c5) / (n - n5)
		printf "record: %s: ctop %.1f µs of CPU a sample over %d samples, start, names and folding included (%.1f µs one more sample); ", name, a, n, one
		printf "perf record --call-graph dwarf %.1f µs: ratio %.2f (asked: 0.50); ", b, a / b
		printf "with perf script --no-inline %.1f µs: ratio 1/%.1f (asked: 1/15)\n", d, d / a }'
}

/usr/bin/python3 "$tmp/spin.py" & py=$!
"$build/workloads/shares" & sh=$!
warm $py
warm $sh
kill -STOP $sh
compare python3 $py
kill -CONT $sh
kill -STOP $py
compare "shares (2 threads)" $sh
kill $sh

# A compiler: deep C++ stacks, a large program, addresses ever new, short-lived processes.
{
	echo '#include <functional>'
	echo '#include <map>'
	echo '#include <string>'
	for i in $(seq 40); do
		echo "template <int N> struct T$i { std::map<std::string, std::function<int(int)>> m;"
		echo "int f(const std::string &s) { m[s] = [](int x) { return x * N; }; return N; } };"
		echo "int g$i() { T$i<$i> t; return t.f(\"a\"); }"
	done
} >"$tmp/work.cc"
( while :; do g++ -O2 -S "$tmp/work.cc" -o "$tmp/work.s"; done ) & cc=$!
compare "cc1plus, run again and again" $cc
kill $cc; kill -CONT $py

# The slowdown of a target: the same work, alone and sampled, in turn.
work='
import time
t = time.process_time(); w = time.monotonic()
s = 0
for i in range(30000000): s += i
print(time.monotonic() - w)'
kill $py
for i in 1 2 3; do
	/usr/bin/python3 -c "$work" >>"$tmp/alone"
	/usr/bin/python3 -c "$work" >"$tmp/one" & w=$!
	"$build/ctop" record -F $rate -o "$tmp/x.folded" -p $w 2>/dev/null
	wait $w
	cat "$tmp/one" >>"$tmp/sampled"
done
paste "$tmp/alone" "$tmp/sampled" | awk '{ r = $2 / $1; print r }' | sort -n |
	awk '{ v[NR] = $1 } END { printf "slowdown of a target at 999 Hz: median ×%.3f (%.3f–%.3f)\n", v[int((NR + 1) / 2)], v[1], v[NR] }'

# Wide targets.
for n in 500 2000; do
	"$build/workloads/wide" $n & wide=$!
	until [ "$(ls /proc/$wide/task 2>/dev/null | wc -l)" -ge $n ]; do :; done
	"$build/bench/bench_paint" "$build/ctop" $wide "$n threads, 16 busy" 1500
	"$build/ctop" record -F 499 -d 5 -p $wide -o "$tmp/x.folded" 2>&1 | sed -n "s/^ctop: \(.*accounted\).*/wide: $n threads: \1/p"
	kill $wide; wait $wide 2>/dev/null
done

# Targets that change threads fast, or that live for a moment; in a cgroup of their own, too,
# where one may be made. What is not accounted for is what sampling has missed.
cgroup=
for mount in /sys/fs/cgroup /sys/fs/cgroup/unified; do
	[ -z "$cgroup" ] && [ -w "$mount/cgroup.procs" ] && mkdir "$mount/ctop-bench-$$" 2>/dev/null &&
		cgroup=$mount/ctop-bench-$$
done
for target in 'switches futex' 'switches pipe' 'switches 200' 'switches 2000' storm; do
	for in in plain cgroup; do
		[ "$in" = cgroup ] && [ -z "$cgroup" ] && continue
		# shellcheck disable=SC2086
		"$build/workloads/"$target & work=$!
		[ "$in" = cgroup ] && echo $work >"$cgroup/cgroup.procs"
		warm $work
		"$build/ctop" record -F $rate -d 6 -p $work -o "$tmp/x.folded" 2>&1 |
			sed -n "s/^ctop: \(.*accounted\).*/fast: $target: \1/p"
		kill $work; wait $work 2>/dev/null
	done
done
[ -n "$cgroup" ] && rmdir "$cgroup"

# Where perf is refused: how long a thread stands still, and what it costs.
"$build/bench/bench_ptrace"
share() { # NAME ASKED PID: ctop's share of a CPU at 99 Hz, its start taken off
	local short
	cpu "$build/ctop" record --source ptrace -F 99 -d 3 -o "$tmp/x.folded" -p "$3"
	short=$used
	cpu "$build/ctop" record --source ptrace -F 99 -d 18 -o "$tmp/x.folded" -p "$3"
	awk -v a="$short" -v b="$used" -v name="$1" -v asked="$2" 'BEGIN {
		printf "ptrace: %s at 99 Hz: ctop takes %.1f %% of a CPU (asked: %s)\n", name, 100 * (b - a) / 15, asked }'
	sed -n 's/^ctop: \(.*accounted\).*/ptrace: '"$1"': \1/p' "$tmp/out"
}
"$build/workloads/wide" 2 1 & work=$!
warm $work
share "one thread" 1.5 $work
kill $work; wait $work 2>/dev/null
"$build/workloads/wide" 50 4 & work=$!
warm $work
share "50 threads, 4 of them running" 4 $work
kill $work; wait $work 2>/dev/null

# Every thread's stack once.
"$build/workloads/wide" 200 0 & work=$!
until [ "$(ls /proc/$work/task | wc -l)" = 200 ]; do sleep 0.05; done
fastest() { # NAME COMMAND…: the fastest of five runs
	local name=$1 best=
	shift
	for _ in 1 2 3 4 5; do
		local from to
		from=$(date +%s%N)
		"$@" >"$tmp/out" 2>&1
		to=$(date +%s%N)
		best=$(awk -v a="$best" -v b=$(((to - from) / 100000)) 'BEGIN { print a == "" || b < a ? b : a }')
	done
	awk -v n="$name" -v b="$best" 'BEGIN { printf "dump: 200 threads: %s %.1f ms\n", n, b / 10 }'
}
fastest "ctop dump (asked: 100 ms)" "$build/ctop" dump -p $work
command -v eu-stack >/dev/null && fastest eu-stack eu-stack -p $work
command -v gdb >/dev/null && fastest "gdb thread apply all bt" gdb -p $work -batch -ex 'thread apply all bt'
kill $work; wait $work 2>/dev/null

# What a person waits for: a program whose every sample is in another of 480 000 functions, each
# with unwind rows of its own; and one that maps a large library.
{
	echo '.text'
	awk 'BEGIN { for (i = 0; i < 480000; i++) {
		printf ".type f%d,@function\nf%d: .cfi_startproc\npush %%rbx\n.cfi_def_cfa_offset 16\n", i, i
		printf ".cfi_offset 3,-16\nmov $400,%%ebx\n1: dec %%ebx\njnz 1b\npop %%rbx\n"
		printf ".cfi_def_cfa_offset 8\nret\n.cfi_endproc\n.size f%d,.-f%d\n", i, i } }'
	echo '.globl main'
	echo 'main: .cfi_startproc; push %rbp; .cfi_def_cfa_offset 16; 1: lea table(%rip),%rbp'
	echo '2: call *(%rbp); add $8,%rbp; lea end(%rip),%rax; cmp %rax,%rbp; jne 2b; jmp 1b; .cfi_endproc'
	echo '.section .data.rel.ro,"aw"'
	echo 'table:'
	awk 'BEGIN { for (i = 0; i < 480000; i++) print ".quad f" i }'
	echo 'end: .section .note.GNU-stack,"",@progbits'
} | as -o "$tmp/rows.o" - && gcc -o "$tmp/rows" "$tmp/rows.o" && rm "$tmp/rows.o"
"$tmp/rows" & rows=$!
warm $rows
"$build/bench/bench_paint" "$build/ctop" $rows "480 000 functions, all cold" 500
"$build/ctop" record -F $rate -d 5 -p $rows -o "$tmp/x.folded" 2>&1 | sed -n 's/^ctop: \(.*complete.*\)/rows: \1/p'
kill $rows; wait $rows 2>/dev/null

llvm=$(ls /usr/lib/x86_64-linux-gnu/libLLVM-*.so* /usr/lib/llvm-*/lib/libLLVM-*.so.1 2>/dev/null | head -1)
if [ -n "$llvm" ]; then
	/usr/bin/python3 -c "
import ctypes
l = ctypes.CDLL('$llvm')
while True: l.LLVMGetGlobalContext()" & py=$!
	warm $py
	"$build/bench/bench_paint" "$build/ctop" $py "libLLVM" 500
else
	echo "paint: libLLVM is not installed (apt-get install libllvm14): left out"
fi

# Lines and inlined functions, beside the symbolizers that ship with compilers; their start is in it.
program="$build/workloads/inlined"
debug=/usr/lib/debug/.build-id/$(readelf -n /lib/x86_64-linux-gnu/libc.so.6 2>/dev/null |
	awk '/Build ID/ { print substr($3, 1, 2) "/" substr($3, 3) ".debug" }')
[ -f "$debug" ] && program=$debug
awk 'BEGIN { srand(7); for (i = 0; i < 20000; i++) printf "0x%x\n", 8448 + int(rand() * 1400000) }' >"$tmp/addresses"
printf 'lines: %s: %s (asked, libc: 130 ms in all; 300 ns)\n' "${program##*/}" \
	"$("$build/tools/lines_print" -q "$program" <"$tmp/addresses")"
# One large unit of C++, from nothing.
awk 'BEGIN { for (i = 0; i < 2150; i++) {
	printf "struct s%d { int a; int get(int x) const { return a * x + %d; } };\n", i, i
	printf "static inline __attribute__((always_inline)) int f%d(const s%d &s, int n) {", i, i
	printf "int r = %d; while (n-- > 0) r += s.get(r) ^ s.get(n); return r; }\n", i
	printf "int g%d(int n) { s%d s{n}; return f%d(s, n) + f%d(s, n + 1); }\n", i, i, i, i }
	print "int main() { return 0; }" }' >"$tmp/large.cc"
if g++ -O1 -finline-functions -g -o "$tmp/large" "$tmp/large.cc"; then
	dies=$(readelf --debug-dump=info "$tmp/large" 2>/dev/null | grep -c 'Abbrev Number: [1-9]')
	for _ in 1 2 3 4 5; do "$build/tools/lines_print" -q "$tmp/large" </dev/null; done |
		sed 's/.*all indexed in \([0-9.]*\) ms.*/\1/' | sort -n |
		awk -v n="$dies" '{ v[NR] = $1 } END {
			printf "lines: a unit of %d DIEs: indexed in %.1f ms (%.1f–%.1f; asked, 88 000: 10 ms)\n", n, v[3], v[1], v[5] }'
fi
for peer in "llvm-symbolizer --inlines" "addr2line -i -f"; do
	command -v "${peer%% *}" >/dev/null || continue
	from=$(date +%s%N)
	$peer -e "$program" <"$tmp/addresses" >/dev/null 2>&1
	printf 'lines: %s: %d ns an address\n' "$peer" $((($(date +%s%N) - from) / 20000))
done

# From the key a to the painted source, in a program with 200 MB of debug information: one unit of
# the standard library's templates, 135 times.
{
	for h in regex map sstream functional unordered_map memory; do echo "#include <$h>"; done
	cat <<'C'
__attribute__((noinline)) static unsigned spin(unsigned x)
{
	for (int i = 0; i < 1000000; i++)
		x = x * 1103515245 + 12345;
	return x;
}
unsigned work(unsigned n)
{
	std::map<int, std::string> names;
	std::unordered_map<std::string, std::shared_ptr<std::regex>> all;
	std::ostringstream out;
	std::function<unsigned(unsigned)> f = [&](unsigned x) { return spin(x); };
	if (n == 0) {
		all["a"] = std::make_shared<std::regex>("[a-z]+(b|c)*");
		out << std::regex_match("abc", *all["a"]) << names[3];
	}
	return f(n) + unsigned(out.str().size());
}
C
} >"$tmp/unit.cc"
printf 'unsigned work(unsigned);\nint main() { for (unsigned n = 1;; n++) n += work(n | 1); }\n' >"$tmp/loop.cc"
if g++ -O1 -g -c -o "$tmp/unit.o" "$tmp/unit.cc" && g++ -O1 -g -c -o "$tmp/loop.o" "$tmp/loop.cc"; then
	for i in $(seq 135); do ln "$tmp/unit.o" "$tmp/unit$i.o"; done
	g++ -Wl,--allow-multiple-definition -o "$tmp/units" "$tmp/loop.o" "$tmp"/unit[0-9]*.o
	"$tmp/units" & units=$!
	warm $units
	printf 'detail: of %d MB: %s\n' $(($(stat -c %s "$tmp/units") / 1000000)) \
		"$("$build/tools/lines_print" -q "$tmp/units" </dev/null)"
	"$build/bench/bench_detail" "$build/ctop" $units spin 'x = x * 1103515245' imul 100
	kill $units; wait $units 2>/dev/null
fi
