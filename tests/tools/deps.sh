#!/bin/sh
# Installs the Debian packages that building and testing ctop needs, when one
# is missing; needs root or sudo then. Prints nothing when all is there.
set -e
build='gcc g++ make pkg-config libc6-dev libncurses-dev libunwind-dev libelf-dev libdw-dev
       libiberty-dev zlib1g-dev liblzma-dev libjson-c-dev libcapstone-dev libdebuginfod-dev'
tests='clang llvm dwz rustc libclang-rt-dev clang-format libcmocka-dev libvterm-dev python3 sqlite3 openssl binutils xz-utils elfutils
 git debuginfod linux-perf'
missing=
for p in $build $tests; do
	state=$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null || true)
	[ "$state" = installed ] || missing="$missing $p"
done
[ -n "$missing" ] || exit 0
as_root=
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null || {
		echo "missing packages:$missing" >&2
		echo "install them as root: apt-get install$missing" >&2
		exit 1
	}
	as_root=sudo
fi
echo "installing:$missing"
# shellcheck disable=SC2086
if ! $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q \
	--no-install-recommends $missing >/tmp/ctop-deps.$$ 2>&1; then
	$as_root apt-get update -q >/tmp/ctop-deps.$$ 2>&1
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q \
		--no-install-recommends $missing >/tmp/ctop-deps.$$ 2>&1 || {
		cat /tmp/ctop-deps.$$ >&2
		rm -f /tmp/ctop-deps.$$
		exit 1
	}
fi
rm -f /tmp/ctop-deps.$$
