# setup.sh - what ./check and ./run share: Debian's packages and the build folder.
# Sourced, not run. Speaks on stderr; installs only what is missing.
# SPDX-License-Identifier: MIT
# shellcheck shell=bash

# What a build needs, and what the whole matrix needs besides. PACKAGE, or A|B where Debian
# releases differ (the first that exists is taken), or PACKAGE:COMMAND where a command found
# is enough.
# shellcheck disable=SC2034 # used by the scripts that source this
BUILD_PACKAGES=(build-essential pkg-config:pkg-config meson:meson ninja-build:ninja liburing-dev
    'libllhttp-dev|node-llhttp' libwslay-dev libjansson-dev libyaml-dev liburiparser-dev zlib1g-dev
    libpcre2-dev libsqlite3-dev tzdata libssl-dev libdw-dev openssl:openssl)
# shellcheck disable=SC2034
MATRIX_PACKAGES=(clang 'clang-format-14|clang-format' clang-tidy 'libclang-rt-14-dev|libclang-rt-dev'
    llvm:llvm-symbolizer cppcheck valgrind libc6-dbg qemu-user gcc-aarch64-linux-gnu
    gcc-riscv64-linux-gnu libc6-dev-arm64-cross libc6-dev-riscv64-cross gdb:gdb chromium
    chromium-driver python3:python3 python3-pip npm:npm curl:curl shellcheck:shellcheck
    socat:socat netcat-openbsd:nc 'nginx-light|nginx-core:nginx')

say()
{
    printf '%s\n' "$*" >&2
}

installed()
{
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# missing SPEC...: print the packages to install, one a line.
missing()
{
    local spec name names
    for spec; do
        [[ $spec == *:* ]] && command -v "${spec#*:}" >/dev/null && continue
        IFS='|' read -ra names <<<"${spec%%:*}"
        for name in "${names[@]}"; do
            installed "$name" && continue 2
        done
        for name in "${names[@]}"; do
            apt-cache show "$name" >/dev/null 2>&1 && break
        done
        printf '%s\n' "$name"
    done
}

as_root()
{
    if [[ $(id -u) == 0 ]]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        say "this needs root, and there is no sudo: $*"
        return 1
    fi
}

# need_packages SPEC...: install what is missing, saying so. Fails when that cannot be done.
need_packages()
{
    local list log
    if ! command -v dpkg-query >/dev/null; then
        say "not a Debian system: make sure that you have ${*//:*/}"
        return 0
    fi
    [[ -z $(missing "$@") ]] && return 0
    say "missing Debian packages: $(missing "$@" | tr '\n' ' ')"
    say 'updating the list of packages (apt-get update)'
    as_root apt-get update -qq >&2 || say 'apt-get update failed; trying with the old list'
    # Asked again: which of A|B exists is known only now.
    mapfile -t list < <(missing "$@")
    say "installing: ${list[*]}"
    log=$(mktemp)
    if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        "${list[@]}" >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        say "could not install: ${list[*]}"
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
}

# configure DIR [MESON OPTION...]: set a build folder up, once.
configure()
{
    local dir=$1
    shift
    [[ -f $dir/build.ninja ]] || meson setup "$dir" "$@"
}
