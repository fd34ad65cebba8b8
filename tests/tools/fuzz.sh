#!/bin/sh
# Runs every fuzz target of build directory $1 for $2 seconds, from its seeds.
build=$1
seconds=$2
failed=0

# Prints which share of the lines of the parsers that a target covers its corpus has reached.
cover() { # NAME CORPUS [SEEDS]
	command -v llvm-cov >/dev/null || { echo "  no llvm-cov here: apt-get install llvm"; return; }
	target=$build/fuzz/cover_${1#fuzz_}
	files=$(sed -n 's/^ \* covers: //p' "tests/fuzz/$1.c")
	raw=$build/fuzz/$1.profraw
	shift
	ASAN_OPTIONS=detect_leaks=0 LLVM_PROFILE_FILE=$raw "$target" -runs=0 -detect_leaks=0 "$@" >/dev/null 2>&1
	llvm-profdata merge -sparse "$raw" -o "$raw.data" &&
		# shellcheck disable=SC2086
		llvm-cov report "$target" -instr-profile="$raw.data" $files 2>/dev/null |
		awk '$1 ~ /\.c$/ || $1 == "TOTAL" { printf "  %-28s %s of lines reached\n", $1, $10 }'
}

for t in "$build"/fuzz/fuzz_*; do
	[ -x "$t" ] || continue
	name=$(basename "$t")
	corpus=$build/fuzz/corpus-$name
	mkdir -p "$corpus"
	seeds=tests/fuzz/seeds/$name
	[ -d "$seeds" ] || seeds=
	# libelf and libdw leak on some damaged files; that is theirs to mend.
	leaks=1
	[ "$name" = fuzz_elf ] && leaks=0
	echo "$name: $seconds s"
	# shellcheck disable=SC2086
	ASAN_OPTIONS=detect_leaks=$leaks "$t" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -print_final_stats=1 \
		-detect_leaks=$leaks -artifact_prefix="$build/fuzz/" "$corpus" $seeds >"$build/fuzz/$name.log" 2>&1
	rc=$?
	grep -E 'DONE|stat::number_of_executed_units' "$build/fuzz/$name.log" | tail -2
	cover "$name" "$corpus" $seeds
	if [ $rc -ne 0 ]; then
		failed=1
		echo "$name FAILED"
		tail -30 "$build/fuzz/$name.log"
	fi
done
exit $failed
