#!/bin/sh
# Prints a compilation database: the command $1 for each source file after it.
command=$(printf '%s' "$1" | sed 's/["\\]/\\&/g')
shift
sep='['
for f in "$@"; do
	printf '%s\n{"directory":"%s","file":"%s","command":"%s -c %s"}' \
		"$sep" "$PWD" "$f" "$command" "$f"
	sep=,
done
printf '\n]\n'
