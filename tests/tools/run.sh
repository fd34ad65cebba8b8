#!/bin/sh
# make run: the live view of process $2, or of the demo program; $1 is the build
# directory. Without a terminal: a few seconds of the demo, printed as text.
build=$1
pid=$2
demo=
if [ -z "$pid" ]; then
	"$build/demo" >/dev/null &
	demo=$!
	pid=$demo
	trap 'kill $demo 2>/dev/null; wait $demo 2>/dev/null' EXIT INT TERM HUP
fi
if [ -t 0 ] && [ -t 1 ]; then
	"$build/ctop" --pid "$pid"
else
	"$build/ctop" record --pid "$pid" --duration 4 --format text --output -
fi
