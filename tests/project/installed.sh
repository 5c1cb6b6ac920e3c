#!/bin/sh
# installed.sh - compiles examples against an installed library, as a stranger would.
# usage: installed.sh DESTDIR PREFIX; with pkg-config, shared and static, in C.
# SPDX-License-Identifier: MIT
root=$1
prefix=$2
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
PKG_CONFIG_PATH=$(dirname "$(find "$root$prefix" -name xie.pc)")
libdir=$(dirname "$PKG_CONFIG_PATH")
PKG_CONFIG_SYSROOT_DIR=$root
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR

# The sysroot goes before others' packages too; theirs are where they always are.
# flags OPTION... NAME: what pkg-config says.
flags()
{
    pkg-config "$@" --cflags --libs | sed "s| -I$root/usr/include\( \|$\)| |g"
}

# try NAME [-static]: build the example and compare its output.
try()
{
    # shellcheck disable=SC2046 # lists of flags
    ${CC:-cc} -o "$work/$1" "$source/examples/$1.c" ${2:+"$2"} \
        $(flags ${2:+--static} xie) || return
    LD_LIBRARY_PATH=$libdir "$work/$1" >"$work/out" || return
    diff -u "$source/tests/project/examples/$1.txt" "$work/out"
}

set -e
try counter
try sleep_sort
try sleep_sort -static
# What the static library of TLS stands on comes along.
cat >"$work/tls.c" <<'END'
#include <xie/tls.h>
int main(void)
{
    struct xie_tls_context *context;
    int error = xie_tls_context_new(NULL, &context, NULL);
    if (!error)
        xie_tls_context_unref(context);
    return error != 0;
}
END
# shellcheck disable=SC2046
${CC:-cc} -o "$work/tls" "$work/tls.c" -static $(flags --static xie-tls)
"$work/tls"
# The web, by its own pkg-config file.
# shellcheck disable=SC2046
${CC:-cc} -o "$work/fetch" "$source/examples/fetch.c" $(flags xie-web)
LD_LIBRARY_PATH=$libdir "$work/fetch" >"$work/out"
diff -u "$source/tests/project/examples/fetch.txt" "$work/out"
# shellcheck disable=SC2046
${CC:-cc} -DXIE_VERSION='"x"' -o "$work/bot" "$source"/apps/bot/*.c $(flags xie-onebot)
LD_LIBRARY_PATH=$libdir "$work/bot" --help >"$work/out"
grep -q '^usage: xie-bot' "$work/out"
# A plugin, as its header says: without the libraries, which the bot brings along.
mkdir "$work/plugins"
cat >"$work/weather.c" <<'END'
#include <xie/onebot/plugin.h>
static int on_weather(struct onebot_event *event)
{
    return onebot_reply(event, "fine");
}
static const struct onebot_rule rules[] = {{.command = {"weather"}, .handler = on_weather}, {0}};
ONEBOT_PLUGIN(.name = "weather", .version = "1", .rules = rules);
END
# shellcheck disable=SC2046
${CC:-cc} -shared -fPIC -o "$work/plugins/weather.so" "$work/weather.c" \
    $(pkg-config --cflags xie-onebot | sed "s| -I$root/usr/include\( \|$\)| |g")
LD_LIBRARY_PATH=$libdir "$work/bot" --url ws://127.0.0.1:1/ --plugins "$work/plugins" \
    2>"$work/out" &
until grep -q 'plugin weather 1: loaded' "$work/out"; do
    kill -0 $!
done
kill $!
wait $!
# The tutorial's first step, as its page says.
# shellcheck disable=SC2046
${CC:-cc} -o "$work/step1" "$source/examples/tutorial/step1.c" $(flags xie-onebot)
LD_LIBRARY_PATH=$libdir "$work/step1" nowhere 2>"$work/out" && exit 1
grep -q 'step1: ' "$work/out"
# A bot tested by the kit, as its page says; ours too.
# shellcheck disable=SC2046
${CC:-cc} -o "$work/weather_test" "$source"/examples/testing/weather*.c $(flags xie-onebot-testing)
LD_LIBRARY_PATH=$libdir "$work/weather_test"
mkdir "$work/commands"
cp "$source"/apps/bot/*.[ch] "$work/commands"
rm "$work/commands/main.c" "$work/commands/start.c"
# shellcheck disable=SC2046
${CC:-cc} -DXIE_VERSION='"x"' -I"$work/commands" -o "$work/bot_kit" "$source/tests/apps/bot_kit.c" \
    "$work"/commands/*.c $(flags xie-onebot-testing)
LD_LIBRARY_PATH=$libdir "$work/bot_kit"
for name in xie xie-tls xie-web xie-onebot xie-onebot-testing; do
    pkg-config --print-errors --exists $name
    # Nothing is exported but names of ours.
    nm -D --defined-only "$libdir/lib$name.so" | awk '{print $3}' |
        grep -v -E '^(xie_|onebot_)' && echo "lib$name exports foreign names" && exit 1
done
for header in xie.h xie/task.h xie/tls.h xie/web.h xie/onebot.h xie/onebot/testing.h; do
    test -f "$root$prefix/include/$header"
done
echo 'the installed library works'
