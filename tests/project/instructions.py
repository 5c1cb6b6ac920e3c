#!/usr/bin/env python3
"""instructions.py - how many instructions an operation takes, counted by callgrind: so that what
makes one dearer shows without a clock. Told in TAP.

usage: instructions.py CPU OPTIMIZATION SANITIZE UCONTEXT PROGRAM...
The programs are those of bench/*/ours.c; each runs a work N times and 2N times, and the difference
is what N of it cost. On sim, where that is the same in each run.
"""
# SPDX-License-Identifier: MIT
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

MARGIN = 1.15
TIMES = 2000  # as in bench/lib/work.c

# Instructions of one operation on x86-64 with -O2, the greater of gcc 12 and clang 14.
MOST = {
    "switch": {"switch": 16, "yield-2": 87},
    "generator": {"next": 64, "next-deep-100": 69},
    "sync": {"queue": 227, "semaphore": 185, "lock": 52, "lock-handed": 213},
    "task": {"spawn-join": 626, "spawn-join-batch": 465},
    "timer": {"arm + cancel, 1,000 live": 119, "arm": 81, "cancel": 29, "expire": 244,
              "call arm": 126, "call cancel": 53, "sleeping task woken": 1392,
              "deadline around a wait": 347},
}


def skip(reason):
    print(f"1..0 # SKIP {reason}")
    sys.exit(0)


def count(program, rows):
    """Instructions of one operation by row."""
    with tempfile.TemporaryDirectory() as folder:
        out, bare = pathlib.Path(folder, "out"), pathlib.Path(folder, "program")
        # Older valgrinds do not read every compiler's debug information, and nobody needs it here.
        subprocess.run(["objcopy", "--strip-debug", program, bare], check=True)
        run = subprocess.run(
            ["valgrind", "--tool=callgrind", "--combine-dumps=yes",
             f"--callgrind-out-file={out}", bare, "--count", *rows],
            env={**os.environ, "XIE_BACKEND": "sim"}, capture_output=True, text=True, check=False)
        if run.returncode:
            raise RuntimeError(f"{program} ended with {run.returncode}: {run.stderr.strip()}")
        dumps = dict(re.findall(r"^desc: Trigger: Client Request: (.*)\n(?:.*\n)*?summary: (\d+)",
                                out.read_text(encoding="utf-8"), re.M))
    return {row: (int(dumps[f"{row} 2"]) - int(dumps[f"{row} 1"])) / TIMES for row in rows
            if f"{row} 2" in dumps}


def main():
    cpu, optimization, sanitize, ucontext, *programs = sys.argv[1:]
    if cpu != "x86_64" or ucontext == "true":
        skip("the bounds are for x86-64's own switch")
    if optimization not in ("2", "3") or sanitize != "none":
        skip("not an optimised build")
    for tool in ("valgrind", "objcopy"):
        if not shutil.which(tool):
            skip(f"no {tool} here")
    if not pathlib.Path("/usr/include/valgrind/callgrind.h").exists():
        skip("no valgrind/callgrind.h here")
    failed = number = 0
    print(f"1..{sum(len(rows) for rows in MOST.values())}")
    for program in programs:
        rows = MOST[pathlib.Path(program).parent.name]
        counts = count(program, rows)
        for row, most in rows.items():
            number += 1
            found = counts.get(row)
            good = found is not None and 0 < found <= most * MARGIN
            failed += not good
            told = "not counted" if found is None else f"{found:.0f}, at most {most} + 15 %"
            print(f"{'ok' if good else 'not ok'} {number} - {row}: {told}")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
