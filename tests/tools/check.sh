#!/bin/sh
# Runs tests and prints, last, "N passed, N failed[, N skipped]".
# usage: check.sh BUILD [static] [unit] [e2e] [NAME of a unit test or e2e case ...]
build=$1
shift
[ $# -gt 0 ] || set -- static unit e2e
here=$(dirname "$0")
log=$build/check.log
: >"$log"
passed=0 failed=0 skipped=0

tally() { # $1 a file of "ok|not ok|skip NAME" lines
	passed=$((passed + $(grep -c '^ok ' "$1")))
	failed=$((failed + $(grep -c '^not ok ' "$1")))
	skipped=$((skipped + $(grep -c '^skip ' "$1")))
	cat "$1" >>"$log"
}

# cmocka prints TAP, one file a program, so that a crash loses nothing.
unit() {
	name=$(basename "$1")
	out=$build/tests/$name.tap
	CTOP_BUILD=$build CMOCKA_MESSAGE_OUTPUT=TAP timeout 300 "$1" >"$out" 2>"$out.err" </dev/null
	rc=$?
	sed -n "s/^ok [0-9]* - \(.*\) # SKIP.*/skip $name: \1/p; t
		s/^not ok [0-9]* # SKIP \(.*\)/skip $name: \1/p; t
		s/^ok [0-9]* - \(.*\)/ok $name: \1/p
		s/^not ok [0-9]* - \(.*\)/not ok $name: \1/p" "$out" >"$out.list"
	sed -i 's/^ok \(.*\) # SKIP.*/skip \1/' "$out.list"
	if [ $rc -ne 0 ] && ! grep -q '^not ok' "$out.list"; then
		echo "not ok $name: ended with $rc" >>"$out.list"
	fi
	if grep -q '^not ok' "$out.list"; then
		grep '^not ok' "$out.list"
		cat "$out.err" "$out" | grep -v '^ok ' | tail -60
		echo "again: make check TESTS=$name"
	fi
	tally "$out.list"
	printf '  %-5s %-12s %s passed\n' UNIT "$name" "$(grep -c '^ok ' "$out.list")"
}

script() { # $1 a script that prints ok/not ok/skip lines
	name=$(basename "$1" .sh)
	out=$build/tests/$name.list
	CTOP_BUILD=$build timeout 900 sh "$1" "$build" >"$out" 2>&1 </dev/null || true
	grep -q '^\(ok\|not ok\|skip\) ' "$out" || echo "not ok $name: no result" >>"$out"
	if grep -q '^not ok' "$out"; then
		cat "$out"
		echo "again: make check TESTS=$name"
	fi
	tally "$out"
	printf '  %-5s %-12s %s passed\n' TEST "$name" "$(grep -c '^ok ' "$out")"
}

mkdir -p "$build/tests"
for what in "$@"; do
	case $what in
	static) script "$here/static.sh" ;;
	unit) for t in "$build"/tests/unit/*; do
		case $t in *.o | *.d) ;; *) unit "$t" ;; esac
	done ;;
	e2e) for t in "$build"/tests/e2e/*; do
		case $t in *.o | *.d) ;; *) [ -x "$t" ] && unit "$t" ;; esac
	done ;;
	*)
		if [ -x "$build/tests/unit/$what" ]; then
			unit "$build/tests/unit/$what"
		elif [ -x "$build/tests/e2e/$what" ]; then
			unit "$build/tests/e2e/$what"
		else
			echo "not ok $what: no such test"
			failed=$((failed + 1))
		fi
		;;
	esac
done
[ $skipped -eq 0 ] || { echo "skipped:"; sed -n 's/^skip /  /p' "$log"; }
if [ $skipped -eq 0 ]; then
	echo "$passed passed, $failed failed"
else
	echo "$passed passed, $failed failed, $skipped skipped"
fi
[ $failed -eq 0 ]
