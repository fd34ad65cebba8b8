#!/bin/bash
# perf_diff.sh BUILD PID SECONDS: ctop and `perf record --call-graph dwarf` on the same process in
# the same seconds: self and total of the 20 largest functions side by side. A row is marked
# where the two differ by more than 4 standard errors and half a point.
build=$1 pid=$2 seconds=${3:-20}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
perf record -q -F 997 --call-graph dwarf,16384 -o "$tmp/perf.data" -p "$pid" -- sleep "$seconds" 2>/dev/null &
"$build/ctop" record -F 997 -d "$seconds" --stack-size 16384 -p "$pid" -o "$tmp/ctop.folded" 2>/dev/null
wait
perf script --no-inline -F comm,ip,sym -i "$tmp/perf.data" 2>/dev/null >"$tmp/perf.txt"
awk -v min=20 '
function name(s) { sub(/@plt$/, "", s); sub(/@@.*/, "", s); sub(/\(.*/, "", s); sub(/ \[.*/, "", s); return s }
function count(frames, n, w, who,   i, seen, f) { # frames[1] is the leaf
	total[who] += w
	delete seen
	for (i = 1; i <= n; i++) {
		f = frames[i]
		if (i == 1) self[who, f] += w
		if (!(f in seen)) { all[who, f] += w; seen[f]; names[f] }
	}
}
FILENAME ~ /folded$/ {
	w = $NF; sub(/ [0-9]+$/, ""); n = split($0, p, ";"); m = 0; delete fr
	for (i = n; i > 1; i--) fr[++m] = name(p[i])
	count(fr, m, w, "c"); next
}
/^[^ \t]/ { next }
NF == 0 { if (m > 0) count(fr, m, 1, "p"); m = 0; delete fr; next }
{ s = $0; sub(/^[ \t]*[0-9a-f]+ /, "", s); fr[++m] = s == "[unknown]" ? "?" : name(s) }
END {
	if (m > 0) count(fr, m, 1, "p")
	printf "%d samples of ctop, %d of perf\n", total["c"], total["p"]
	printf "%8s %8s  %8s %8s  %s\n", "self", "perf", "total", "perf", "function"
	for (k = 0; k < 20; k++) {
		best = ""
		for (f in names) if (!(f in done) && f !~ /\+0x/ && f != "?" && (best == "" || self["c", f] + all["c", f] / 1000 > self["c", best] + all["c", best] / 1000)) best = f
		if (best == "") break
		done[best]
		cs = self["c", best] / total["c"]; ps = self["p", best] / total["p"]
		ct = all["c", best] / total["c"]; pt = all["p", best] / total["p"]
		mark = differs(cs, ps) || differs(ct, pt) ? "  <-- differs" : ""
		printf "%7.2f%% %7.2f%%  %7.2f%% %7.2f%%  %s%s\n", 100 * cs, 100 * ps, 100 * ct, 100 * pt, best, mark
	}
}
function differs(a, b,   p, e) {
	p = (a + b) / 2
	e = sqrt(p * (1 - p) * (1 / total["c"] + 1 / total["p"]))
	return (a - b > 4 * e + 0.005) || (b - a > 4 * e + 0.005)
}' "$tmp/ctop.folded" "$tmp/perf.txt"
