#!/bin/sh
# headers.sh - every header compiles alone: public ones as C11 and C++17, private ones as C.
# usage: headers.sh ROOT CC-COMMAND...
# SPDX-License-Identifier: MIT
root=$1
shift
cc=$*
cxx=
others=
for name in c++ g++ clang++; do
    command -v $name >/dev/null && cxx=$name && break
done

number=0
bad=0
# point NAME COMMAND...: one TAP point.
point()
{
    what=$1
    shift
    number=$((number + 1))
    if out=$("$@" 2>&1); then
        echo "ok $number - $what"
    else
        echo "$out" | sed 's/^/# /'
        echo "not ok $number - $what"
        bad=1
    fi
}

# skip NAME REASON: one TAP point that cannot be tried here.
skip()
{
    number=$((number + 1))
    echo "ok $number - $1 # SKIP $2"
}

flags="-fsyntax-only -Wall -Wextra -Wpedantic -Werror -I$root/include"
# Debian 12 has no library of llhttp, only its sources.
llhttp=$(pkg-config --cflags libllhttp 2>/dev/null || echo -I/usr/share/include/llhttp)
# The web's and the bot's headers include others' headers, which a build without them lacks.
# shellcheck disable=SC2086 # lists of flags, here and below
printf '#include <jansson.h>\n#include <llhttp.h>\n#include <wslay/wslay.h>' |
    $cc $llhttp -E - >/dev/null 2>&1 && others=yes

for header in "$root"/include/xie.h "$root"/include/xie/*.h "$root"/include/xie/onebot/*.h; do
    name=${header#"$root"/include/}
    case $name in
    xie/onebot*)
        if [ ! "$others" ]; then
            skip "$name" 'no jansson here'
            continue
        fi
        ;;
    esac
    # shellcheck disable=SC2086
    point "$name as C11" $cc -std=c11 $flags -include "$header" -x c /dev/null
    # shellcheck disable=SC2086
    if [ -n "$cxx" ]; then
        point "$name as C++17" $cxx -std=c++17 $flags -include "$header" -x c++ /dev/null
    else
        skip "$name as C++17" 'no C++ compiler here'
    fi
done
for header in "$root"/src/*/*.h; do
    name=${header#"$root"/src/}
    case $name in
    tls/*)
        if ! echo '#include <openssl/ssl.h>' | $cc -E - >/dev/null 2>&1; then
            skip "$name" 'no OpenSSL here'
            continue
        fi
        ;;
    # Parts: one of each is picked by the header named before the underscore.
    coro/switch_* | coro/sanitize_*) continue ;;
    web/* | onebot/*)
        if [ ! "$others" ]; then
            skip "$name" 'no llhttp, wslay or jansson here'
            continue
        fi
        ;;
    esac
    # shellcheck disable=SC2086
    point "$name" $cc -std=gnu11 -D_GNU_SOURCE $flags "-I$root/src" $llhttp -Wno-pedantic \
        -include "$header" -x c /dev/null
done
# shellcheck disable=SC2086
point 'the macros in C11' $cc -std=c11 $flags "$root/tests/project/usage.c"
if [ -n "$cxx" ]; then
    # shellcheck disable=SC2086
    point 'the macros in C++17' $cxx -std=c++17 $flags -x c++ "$root/tests/project/usage.c"
else
    skip 'the macros in C++17' 'no C++ compiler here'
fi
echo "1..$number"
exit $bad
