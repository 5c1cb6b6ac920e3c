#!/usr/bin/env python3
"""tally.py - count the TAP points in Meson's testlog.json: passed, failed, skipped.

Each failed point is named on stderr, with the comments before it, after what its program said there:
a sanitizer's report, or the end.
"""
# SPDX-License-Identifier: MIT
import json
import re
import sys

POINT = re.compile(r"^(not )?ok\b[ \d]*(?:- )?([^#]*)(#\s*(?:SKIP|TODO)\b)?", re.IGNORECASE)
FINE = {"OK", "SKIP", "EXPECTEDFAIL"}
REPORT = re.compile(r"Sanitizer|runtime error|^==\d+== \S")
LINES = 40  # of what one program said


def said(test):
    """Tell what a failed test's program said on its stderr."""
    lines = (test.get("stderr") or "").splitlines()
    reported = (number for number, line in enumerate(lines) if REPORT.search(line))
    start = next(reported, max(len(lines) - LINES, 0))
    print(*lines[start:start + LINES], sep="\n", end="\n" if lines else "", file=sys.stderr)


def points(test):
    """Count one test's points, telling the failed ones."""
    passed = failed = skipped = 0
    comments = []
    if test["result"] not in FINE:
        said(test)
    for line in (test.get("stdout") or "").splitlines():
        match = POINT.match(line)
        if line.startswith("1..0"):
            skipped += 1
        elif line.startswith("#"):
            comments.append(line)
        elif match and match[3]:
            skipped += 1
        elif match and match[1]:
            failed += 1
            print(f"not ok {test['name']}: {match[2].strip()}", *comments, sep="\n  ",
                  file=sys.stderr)
        elif match:
            passed += 1
        if match:
            comments = []
    return passed, failed, skipped


def tally(path):
    """Sum the points; a test that speaks no TAP, or broke off, counts as one point itself."""
    total = [0, 0, 0]
    with open(path, encoding="utf-8") as log:
        for line in log:
            test = json.loads(line)
            passed, failed, skipped = points(test)
            if test["result"] not in FINE and not failed:
                failed += 1
                print(f"not ok {test['name']}: {test['result'].lower()}, code {test['returncode']}",
                      file=sys.stderr)
            elif test["result"] == "OK" and passed + failed + skipped == 0:
                passed += 1
            elif test["result"] == "SKIP" and skipped == 0:
                skipped += 1
            total = [total[0] + passed, total[1] + failed, total[2] + skipped]
    return total


if __name__ == "__main__":
    print(*tally(sys.argv[1]))
