#!/bin/bash
# Records the corpus of captures again: tests/tools/corpus.sh BUILD [NAME …]. Each line at the
# end says how one is made. Programs that are not installed are left out; those that only make
# the corpus are no dependency of the tests. `make corpus` prints how good they are.
build=$1
shift
only=" $* "
out=tests/corpus
tmp=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$tmp"' EXIT
mkdir -p $out
mkfifo "$tmp/never" # reading from it with a time limit waits that long
exec 3<>"$tmp/never"

wanted() { [ "$only" = "  " ] || case "$only" in *" $1 "*) ;; *) return 1 ;; esac; }

# NAME RATE SECONDS COMMAND…: runs the command, waits for it to be at work, records it.
make_one() {
	name=$1 rate=$2 seconds=$3
	shift 3
	wanted "$name" || return
	command -v "$1" >/dev/null || { echo "$name: $1 is not installed"; return; }
	setsid "$@" >/dev/null 2>&1 </dev/null &
	pid=$!
	until [ "$(cut -d' ' -f1 /proc/$pid/schedstat 2>/dev/null || echo 9999999999)" -gt 100000000 ] ||
		[ -n "$(pgrep -P $pid)" ]; do read -rt 0.05 _ <&3; done
	"$build/ctop" record --raw ${user_only---no-kernel} --stack-size "${stack:-65000}" -F "$rate" -d "$seconds" -p $pid -o "$out/$name.ctr" 2>"$tmp/log" ||
		cat "$tmp/log"
	chmod 644 "$out/$name.ctr"
	kill -9 -- -$pid 2>/dev/null
	wait $pid 2>/dev/null
	size=$(stat -c %s "$out/$name.ctr")
	echo "$name: $size bytes$([ "$size" -gt 307200 ] && echo ', TOO LARGE')"
}

cat >"$tmp/w.py" <<'P'
import hashlib
while True:
    s = sum(i * i for i in range(20000)); hashlib.sha256(b"x" * 100000).hexdigest()
P
cat >"$tmp/w.pl" <<'P'
sub fib { my $n = shift; $n < 2 ? $n : fib($n - 1) + fib($n - 2) }
while (1) { fib(15); my $s = join ",", sort map { rand } 1 .. 500; $s =~ s/(\d)\.(\d)/$2-$1/g; }
P
cat >"$tmp/w.rb" <<'P'
def fib(n) = n < 2 ? n : fib(n - 1) + fib(n - 2)
loop { fib(15); (1..1000).map(&:to_s).sort.join(",") =~ /99+/ }
P
cat >"$tmp/w.php" <<'P'
<?php function fib($n) { return $n < 2 ? $n : fib($n - 1) + fib($n - 2); }
while (true) { fib(15); $a = range(1, 1000); shuffle($a); sort($a); md5(implode(",", $a)); }
P
cat >"$tmp/w.lua" <<'P'
local function fib(n) return n < 2 and n or fib(n - 1) + fib(n - 2) end
while true do fib(15); local t = {}; for i = 1, 300 do t[i] = math.random() end; table.sort(t); (table.concat(t, ",")):gsub("%d", "x") end
P
cat >"$tmp/w.js" <<'P'
function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2) }
for (;;) { fib(20); JSON.stringify(Array.from({length: 1000}, Math.random).sort()) }
P
cat >"$tmp/w.sql" <<'P'
with recursive c(x) as (select 1 union all select x+1 from c limit 100000000) select count(distinct x*7%1000003), sum(x) from c;
P
cat >"$tmp/w.cc" <<'P'
#include <map>
#include <regex>
#include <string>
template <int N> struct T { std::map<std::string, std::regex> m; int f(const std::string &s) { m[s] = std::regex(s); return N; } };
int main() { return T<1>().f("a+") + T<2>().f("b+") + T<3>().f("c+"); }
P
cat >"$tmp/w.go" <<'P'
package main
import ("math/rand"; "sort"; "strconv")
func work() { for { a := make([]int, 5000); for i := range a { a[i] = rand.Int() }; sort.Ints(a); for _, v := range a { _ = strconv.Itoa(v) } } }
func main() { go work(); work() }
P
head -c 3000000 /dev/urandom | base64 >"$tmp/text"
odd=tests/workloads/odd.c
compile() { # FILE FLAGS…
	file=$tmp/$1
	shift
	gcc -std=c17 -D_GNU_SOURCE -O2 "$@" -o "$file" -lm -ldl 2>/dev/null
}

# Programs of Debian, stripped, without frame pointers.
make_one python3 149 1.5 python3 "$tmp/w.py"
make_one perl 149 1.5 perl "$tmp/w.pl"
make_one ruby 149 1.5 ruby "$tmp/w.rb"
make_one php 149 1.5 php "$tmp/w.php"
make_one lua 149 1.5 lua5.4 "$tmp/w.lua"
make_one sqlite3 149 1.5 sqlite3 :memory: ".read $tmp/w.sql"
make_one openssl 149 2 openssl speed -seconds 20 rsa2048 sha256
make_one libgcrypt 149 1.5 gpg --homedir "$tmp" --batch --passphrase x --symmetric --cipher-algo AES256 -o - /dev/zero
make_one cc1plus 149 1 sh -c "while :; do g++ -O2 -S $tmp/w.cc -o /dev/null; done"
make_one xz 149 1.5 xz -9 -k -c "$tmp/text" "$tmp/text" "$tmp/text"
make_one gzip 149 1.5 sh -c "while :; do gzip -9 -c $tmp/text; done"
make_one git 149 1.5 sh -c 'while :; do git log -p --stat | md5sum; done'
make_one bash 149 1.5 bash -c 'i=0; while :; do i=$((i+1)); x="${i//1/22}"; [[ $x == *9* ]]; done'
make_one find 149 1.5 sh -c 'while :; do find /usr -regex ".*/[a-m]*[.]so.*x"; done'
make_one ffmpeg 49 1 ffmpeg -y -f lavfi -i testsrc=size=640x360:rate=30 -t 300 -c:v libx264 -threads 1 -f null -
make_one redis 149 3 sh -c 'redis-server --port 7799 --save "" & while :; do redis-benchmark -p 7799 -t set,lrange -n 100000000 -q; done'
user_only= make_one nginx 149 3 sh -c "mkdir -p $tmp/ng/logs; head -c 200000 /dev/zero >$tmp/ng/f; echo 'daemon off; error_log $tmp/e; pid $tmp/pid; events {} http { access_log off; server { listen 7798; root $tmp/ng; gzip on; gzip_types *; default_type text/plain; } }' >$tmp/ng.conf; nginx -c $tmp/ng.conf & while :; do wrk -d 60 -c 8 http://127.0.0.1:7798/f; done"
# Run-time compilers.
make_one node 99 1 sh -c "cd $tmp; exec node --perf-basic-prof w.js"
command -v go >/dev/null && go build -ldflags '-s -w' -o "$tmp/gostripped" "$tmp/w.go" && stack=4096 make_one go 149 1 "$tmp/gostripped"
command -v go >/dev/null && go build -o "$tmp/gosymbols" "$tmp/w.go" && stack=4096 make_one go-symbols 149 1 "$tmp/gosymbols"
make_one jit-map 199 1 "$build/workloads/jit" map
# Oddities, from tests/workloads/odd.c.
for kind in altstack context plt init; do
	compile odd -fno-optimize-sibling-calls -Wl,-z,lazy $odd && make_one odd-$kind 199 1 "$tmp/odd" $kind
done
compile tail $odd && make_one odd-tail 199 1 "$tmp/tail" tail
make_one throws 199 1 "$build/workloads/throws"
compile static -static $odd && make_one static 199 1 "$tmp/static" tail
compile static-pie -static-pie $odd && make_one static-pie 199 1 "$tmp/static-pie" context
compile debug-frame -g -gz=zlib -fno-asynchronous-unwind-tables $odd && make_one debug-frame 199 1 "$tmp/debug-frame" context
compile no-hdr -Wl,--no-eh-frame-hdr $odd && make_one no-eh-frame-hdr 199 1 "$tmp/no-hdr" tail
compile fp -fno-asynchronous-unwind-tables -fno-omit-frame-pointer -fno-optimize-sibling-calls $odd && strip "$tmp/fp" && make_one frame-pointers 199 1 "$tmp/fp" plt
compile prelinked -no-pie -Wl,-Ttext-segment=0x7000000 -Wl,-z,noseparate-code $odd && make_one fixed-address 199 1 "$tmp/prelinked" tail
command -v musl-gcc >/dev/null && musl-gcc -O2 -static tests/workloads/chains.c -o "$tmp/musl" 2>/dev/null && make_one musl-static 199 1 "$tmp/musl" signal
command -v musl-gcc >/dev/null && musl-gcc -O2 tests/workloads/chains.c -o "$tmp/musl-dynamic" 2>/dev/null && make_one musl 199 1 "$tmp/musl-dynamic" qsort
exit 0
