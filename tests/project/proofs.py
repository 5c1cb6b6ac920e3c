#!/usr/bin/env python3
"""proofs.py - that the tests which docs/asyncio.md names are about what its rows name, and that
every public function is called by some test. Told in TAP.

usage: proofs.py ROOT
A test's text is its function and all that this calls, in its file and in what that includes.
"""
# SPDX-License-Identifier: MIT
import functools
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
ROWS = "docs/asyncio.md"
WORD = re.compile(r"\w+")


def text(path):
    return path.read_text(encoding="utf-8")


def bodies(source):
    """Whatever a file defines at its margin, by name: functions, tables, macros. NAME(test) before
    a body defines `test`; XIE_GENERATOR the calls of its kind."""
    found = {}
    for kind in re.findall(r"^XIE_GENERATOR\((\w+),", source, re.M):
        for verb in ("new", "next", "send", "throw", "close", "free", "yield", "yield_from"):
            found[f"{kind}_{verb}"] = f"XIE_GENERATOR xie_gen_{verb}"
    lines = source.split("\n")
    for number, line in enumerate(lines):
        if line != "{":
            continue
        start = number - 1
        while start > 0 and not re.match(r"[A-Za-z_]", lines[start]):
            start -= 1
        name = re.search(r"(\w+)\((\w*)", lines[start])
        if not name:
            continue
        end = lines.index("}", number) if "}" in lines[number:] else number
        key = name[2] if name[1].isupper() else name[1]
        found[key] = found.get(key, "") + "\n".join(lines[start:end])
    for name, body in re.findall(r"^(?:static |const )[^;{}()=]*?(\w+)(?:\[[^\]]*\])*"
                                 r"(?:\([^;{}=]*\))? = (.*?);\n", source, re.M | re.S):
        found.setdefault(name, body)
    for name, body in re.findall(r"^(?:static |const )[^;={}]*?\(\*(?:const )?(\w+)\[?\]?\)"
                                 r"[^;=]*= (.*?);\n", source, re.M | re.S):
        found.setdefault(name, body)
    for name, body in re.findall(r"^#define (\w+)(.*?[^\\])\n", source, re.M | re.S):
        found.setdefault(name, body)
    return found


@functools.lru_cache(maxsize=None)
def defined(path):
    """What a test file can call: its own definitions first, then those of the headers it includes,
    and of the kits that its program is linked with."""
    found = bodies(text(path))
    beside = [path.parent / kit for kit in ("kit.c", "fake.c")]
    for name in re.findall(r'#include "([^"]+)"', text(path)):
        beside += [path.parent / name, ROOT / "tests" / name]
    for other in beside:
        if other.is_file() and other != path:
            for key, body in (defined(other) if other.suffix == ".h"
                              else bodies(text(other))).items():
                found.setdefault(key, body)
    return found


def test_text(path, title):
    """All that a test of a file in C runs; "" when it has no such test."""
    entry = re.search(r'\{"' + re.escape(title) + r'",\s*(\w+)\}', text(path))
    known, seen, todo, whole = defined(path), set(), [entry[1]] if entry else [], ""
    while todo:
        name = todo.pop()
        if name in seen or name not in known:
            continue
        seen.add(name)
        whole += known[name] + "\n"
        todo += [word for word in WORD.findall(known[name]) if word in known]
    return whole


def rows():
    """(line, the functions and macros that it names as ours, its tests in C)"""
    for number, line in enumerate(text(ROOT / ROWS).splitlines(), 1):
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) != 3:
            continue
        ours = re.sub(r"struct xie_\w+", "", cells[1])
        tests = re.findall(r"`(tests/[^:`]+\.c): ([^`]+)`", cells[2])
        yield number, set(re.findall(r"\b(?:xie_|XIE_)\w+", ours)), tests


def check_rows():
    """A row's tests use what it names: one of the names at least, as they are often several ways
    to one end."""
    for number, names, tests in rows():
        if not tests:
            continue
        whole = ""
        for name, title in tests:
            body = test_text(ROOT / name, title.strip())
            if not body:
                yield f"{ROWS}:{number}: cannot read the test '{title}' of {name}"
            whole += body
        if whole and names and not names & set(WORD.findall(whole)):
            yield f"{ROWS}:{number}: its tests use none of {', '.join(sorted(names))}"


def public_functions():
    for path in sorted((ROOT / "include").rglob("*.h")):
        source = re.sub(r"/\*.*?\*/", "", text(path), flags=re.S)
        for name in re.findall(r"^XIE_API [^;]*?\b(xie_\w+)\(", source, re.M):
            yield path.name, name


def check_public_functions():
    """Each is called by a test, by itself or through a macro of its header."""
    used = set()
    for path in (ROOT / "tests").rglob("*.[ch]"):
        used |= set(WORD.findall(text(path)))
    for path in (ROOT / "include").rglob("*.h"):
        for macro, body in re.findall(r"^#define (\w+)(.*?[^\\])\n", text(path), re.M | re.S):
            if macro in used or macro.endswith("_BLOCK_"):
                used |= set(WORD.findall(body))
    for header, name in public_functions():
        if name not in used:
            yield f"{header}: no test calls {name}"


def main():
    checks = (("the tests of each row are about it", check_rows),
              ("every public function is called by a test", check_public_functions))
    bad = 0
    print(f"1..{len(checks)}")
    for number, (name, function) in enumerate(checks, 1):
        failures = list(function())
        for failure in failures:
            print(f"# {failure}")
        print(f"{'not ok' if failures else 'ok'} {number} - {name}")
        bad += bool(failures)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
