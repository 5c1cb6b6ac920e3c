#!/bin/sh
# examples.sh - each example prints exactly what is written down for it, and ends with 0.
# usage: examples.sh FOLDER-OF-PROGRAMS FOLDER-OF-OUTPUTS; on the backend of XIE_BACKEND.
# SPDX-License-Identifier: MIT
programs=$1
outputs=$2
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT

number=0
bad=0
for expected in "$outputs"/*.txt; do
    name=$(basename "$expected" .txt)
    number=$((number + 1))
    if [ ! -e "$programs/$name" ]; then
        echo "ok $number - $name # SKIP not in this build"
        continue
    fi
    timeout 120 "$programs/$name" >"$out/text" 2>"$out/errors" </dev/null
    code=$?
    if [ $code = 0 ] && cmp -s "$out/text" "$expected" && [ ! -s "$out/errors" ]; then
        echo "ok $number - $name"
    else
        echo "# ended with code $code; expected (-) and printed (+):"
        diff -u "$expected" "$out/text" | sed 1,2d | sed 's/^/# /'
        sed 's/^/# stderr: /' "$out/errors"
        echo "not ok $number - $name"
        bad=1
    fi
done
echo "1..$number"
exit $bad
