# matrix.sh - what ./check --all and --long add to the suite of the main build.
# Sourced by ./check, whose step, suite and tested it uses. Each build has its own folder.
# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154 # jobs and others are those of ./check

sources()
{
    find include src apps tests examples bench fuzz -name '*.[ch]'
}

formatted()
{
    local format
    format=$(command -v clang-format-14 || command -v clang-format)
    # Other versions lay out differently: only the pinned one judges.
    [[ $("$format" --version) == *' 14.'* ]] || { echo "needs clang-format 14" && return 77; }
    sources | xargs "$format" --dry-run -Werror
}

linted()
{
    command -v shellcheck >/dev/null || { echo 'no shellcheck here' && return 77; }
    grep -rlZE '^#!.*[ /](ba)?sh$' check run .ci bench tools tests | xargs -0 shellcheck -x
}

analysed()
{
    cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,performance,portability \
        --inline-suppr --suppressions-list=tools/cppcheck.txt -j "$jobs" \
        -D_GNU_SOURCE -Iinclude -Isrc src apps
}

tidied()
{
    find src apps -name '*.c' -print0 |
        xargs -0 -P "$jobs" -n 4 clang-tidy --quiet --warnings-as-errors='*' -p build-clang
}

# A million parked tasks, each with a guard, on the default vm.max_map_count: at most 4.2 KiB each.
parked()
{
    local count=1000000
    # 4.1 GiB and their page tables; a smaller machine parks a tenth.
    (($(sed -n 's/^MemAvailable: *\([0-9]*\).*/\1/p' /proc/meminfo) > 6000000)) || count=100000
    build-gcc/bench/memory/parked $count | tee /dev/stderr | awk '
        $1 == "resident" { resident = $2 }
        END { exit !(resident > 0 && resident <= 4.2 * 1024) }'
}

# The core as a stranger has it: installed, found by pkg-config, an example compiled and run.
installed_library()
{
    local root=$PWD/build/check/root prefix
    rm -rf "$root"
    meson install -C build --no-rebuild --quiet --destdir "$root" || return
    prefix=$(meson introspect build --buildoptions |
        python3 -c 'import json,sys; print(next(o["value"] for o in json.load(sys.stdin) if o["name"] == "prefix"))')
    tests/project/installed.sh "$root" "$prefix"
}

# Programs others wrote, for the other side of a socket: npm's ws, Python's websockets, and bot
# frameworks in both languages. Fetched, in about a minute, to a folder that XIE_PEERS names to
# the tests; where that cannot be done those tests skip.
peers()
{
    local missing='' judge
    mkdir -p "$XIE_PEERS"
    [[ -d $XIE_PEERS/node_modules/ws ]] ||
        npm install --silent --no-audit --no-fund --prefix "$XIE_PEERS" ws@8 || missing+=' ws'
    [[ -d $XIE_PEERS/python/websockets ]] ||
        python3 -m pip install --quiet --disable-pip-version-check --target "$XIE_PEERS/python" \
            websockets || missing+=' websockets'
    [[ -d $XIE_PEERS/judges/nonebot && -d $XIE_PEERS/judges/aiocqhttp ]] ||
        python3 -m pip install --quiet --disable-pip-version-check --target "$XIE_PEERS/judges" \
            'nonebot2[websockets,quart,httpx]==2.*' 'nonebot-adapter-onebot==2.*' \
            'aiocqhttp==1.*' || missing+=' nonebot2 aiocqhttp'
    for judge in koishi@4 koishi-plugin-adapter-onebot@6 @koishijs/plugin-http@0.6 \
        node-napcat-ts@0.4; do
        [[ -d $XIE_PEERS/node_modules/${judge%@*} ]] ||
            npm install --silent --no-audit --no-fund --prefix "$XIE_PEERS" "$judge" ||
            missing+=" $judge"
    done
    [[ ! $missing ]] || { echo "could not be fetched:$missing" && return 77; }
}

core='-Dapps=false -Dweb=false -Dtls=false'

# Both instruction sets that this machine is not, by user-mode emulation: the coroutine and
# task floors. The emulator has no io_uring, and is slow.
emulated()
{
    part "$1" "build-$1" "--cross-file cross/$1.ini $core -During=disabled" \
        --suite coro --suite task
}

matrix()
{
    step format formatted
    step shellcheck linted
    # What optimisation changes shows on two backends; the main build has run on all of them.
    suite gcc build-gcc '-Dwerror=true --buildtype=release -Dprefix=/usr' --no-suite poll \
        --no-suite sim --no-suite source
    CC=clang suite clang build-clang -Dwerror=true --no-suite poll --no-suite sim
    part lto build-lto "--buildtype=release -Db_lto=true $core" --suite coro --suite loop \
        --suite task --suite sync
    part ucontext build-ucontext "-Ducontext=true $core" --suite coro --suite task --suite sim
    # With little optimisation: compiled in two thirds of the time, and found is the same or more.
    suite asan build-asan '-Doptimization=1 -Db_sanitize=address,undefined -Db_lundef=false' \
        --no-suite poll --no-suite source
    # Not the programs: this TSan does not know the waits of epoll_pwait2 and io_uring, and holds
    # a signal back that comes just before one, SIGTERM too. Not poll, which waits as epoll does,
    # and not sim, whose jobs run on the loop's own thread. It would sleep for a second at the end of
    # each process that has threads, to see what they still do.
    TSAN_OPTIONS=atexit_sleep_ms=20 CC=clang part tsan build-tsan \
        '-Db_sanitize=thread -Db_lundef=false' --no-suite project --no-suite apps --no-suite poll \
        --no-suite sim --no-suite kqueue
    # On sim, where nothing takes too long however slow it is; not TLS: a handshake takes OpenSSL
    # seconds there.
    test_built valgrind build --setup valgrind --no-suite poll --no-suite uring --no-suite epoll \
        --no-suite kqueue --no-suite tls --no-suite apps --no-suite project
    XIE_TEST_SLOW=1 emulated aarch64
    XIE_TEST_SLOW=1 emulated riscv64
    step cppcheck analysed
    step clang-tidy tidied
    step installed installed_library
    step parked parked
    tapped browser tests/browser/run build
    tapped judges tests/judges/judges.py build/apps/gateway/xie-gateway
}

# Seeds of the simulated backend: each is another order of events and other faults.
seeds()
{
    local seed
    for seed in $(seq 1 "${XIE_SEEDS:-200}"); do
        XIE_SEED=$seed meson test -C build --no-rebuild --suite sim --num-processes "$jobs" \
            --quiet || { echo "replay it with XIE_SEED=$seed" && return 1; }
    done
}

# HTTP and WebSocket on sim, the client's answers, the bot's messages and what people write behind
# commands, fed by libFuzzer for a while.
fuzzed()
{
    local libs='src/libxie.a src/web/libxie-web.a src/web/libllhttp.a src/onebot/libxie-onebot.a'
    local dir=build-fuzz target seconds=$((${XIE_FUZZ_SECONDS:-600} / 6))
    CC=clang configure $dir -Dapps=false -Dtls=false -Db_sanitize=address,undefined -Db_lundef=false \
        -Dc_args=-fsanitize=fuzzer-no-link || return
    # shellcheck disable=SC2086 # a list of names
    ninja -C $dir $libs || return
    export UBSAN_OPTIONS=halt_on_error=1
    for target in http_ws http_answer cq line config cron; do
        clang -g -O1 -D_GNU_SOURCE -fsanitize=fuzzer,address,undefined -Iinclude -Isrc \
            fuzz/$target.c $dir/src/onebot/libxie-onebot.a $dir/src/web/libxie-web.a \
            $dir/src/libxie.a $dir/src/web/libllhttp.a -ljansson -lpcre2-8 -lyaml -lsqlite3 -luring -lwslay \
            -luriparser -lcrypto -lz -lpthread -o $dir/$target || return
        # A second thread, which would watch the memory, keeps sim's time from jumping.
        $dir/$target -rss_limit_mb=0 -max_len=600 -max_total_time="$seconds" || return
    done
}

endurance()
{
    step seeds seeds
    step fuzz fuzzed
}
