#!/bin/sh
# Writes make variables with the flags of the packages named in $1 (the program), $2 (the program
# loads them itself) and $3 (tests) to the file $5. A missing one is named with its Debian package
# and the exit code is 1; where one of the goals in $4 is going to install it,
# nothing is written and the exit code is 0.
missing=
for p in $1 $2 $3; do
	pkg-config --exists "$p" 2>/dev/null || missing="$missing $p"
done
if [ -n "$missing" ]; then
	case " $4 " in
	*" run "* | *" check "* | *" deps "* | *" help "* | *" clean "*) exit 0 ;;
	esac
	for p in $missing; do
		case $p in
		ncursesw) deb=libncurses-dev ;;
		libunwind*) deb=libunwind-dev ;;
		libelf) deb=libelf-dev ;;
		libdw) deb=libdw-dev ;;
		zlib) deb=zlib1g-dev ;;
		liblzma) deb=liblzma-dev ;;
		json-c) deb=libjson-c-dev ;;
		libdebuginfod) deb=libdebuginfod-dev ;;
		capstone) deb=libcapstone-dev ;;
		cmocka) deb=libcmocka-dev ;;
		vterm) deb=libvterm-dev ;;
		*) deb=$p ;;
		esac
		echo "missing library $p: Debian package $deb (make deps installs all)" >&2
	done
	exit 1
fi
{
	echo "PKG_CFLAGS := $(pkg-config --cflags $1 $2)"
	echo "PKG_LIBS := $(pkg-config --libs $1)"
	echo "TEST_PKG_LIBS := $(pkg-config --libs $3)"
} >"$5"
