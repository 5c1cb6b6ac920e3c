#!/usr/bin/env python3
"""tree.py - what must hold for the source tree itself, told in TAP.

usage: tree.py ROOT
Floors and include directions, sizes, banners, what the READMEs quote.
"""
# SPDX-License-Identifier: MIT
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
FLOORS = {"base": 0, "coro": 1, "loop": 2, "task": 3, "sync": 4, "io": 5, "proto": 6, "tls": 7,
          "web": 8, "onebot": 9}
TUTORIALS = ("docs/tutorial.md", "docs/tutorial.zh.md")
PLUGIN_PAGES = ("docs/plugins.md", "docs/plugins.zh.md")
KIT_PAGES = ("docs/testing.md", "docs/testing.zh.md")
FILE_LINES = 600
TEST_LINES = 900  # a test file mirrors one header's promises, however many
FUNCTION_LINES = 60
SOURCES = {".c", ".h", ".cpp"}
SCRIPTS = {".py", ".awk", ".sh", ".js", ".mjs", ".css", ".html", ".S", ".s"}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
BANNER_FLOOR = re.compile(r"\bFloors? (\d+)\b")


def files(*folders):
    """Every file below the folders, build folders and what npm fetched left out."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and not {"node_modules", "__pycache__"} & set(path.parts):
                yield path


def sources(*folders):
    return [path for path in files(*folders) if path.suffix in SOURCES]


def ours():
    """Every file with code of ours in it."""
    folders = ("include", "src", "apps", "tests", "examples", "bench", "fuzz", "tools", ".ci")
    named = [ROOT / name for name in ("check", "run", ".ci/run", "meson.build", "bench/run",
                                      "meson_options.txt")]
    found = [p for p in files(*folders) if p.suffix in SOURCES | SCRIPTS or p.name == "meson.build"]
    return found + [path for path in named if path.exists() and path not in found]


def text(path):
    return path.read_text(encoding="utf-8")


def head(path, lines=3):
    return " ".join(text(path).splitlines()[:lines])


def inside(path):
    return str(path.relative_to(ROOT))


def floor_of(path):
    """A file's floor: of its folder in src, of its banner in include."""
    parts = path.relative_to(ROOT).parts
    if parts[0] == "src":
        return FLOORS.get(parts[1])
    match = BANNER_FLOOR.search(head(path))
    return int(match[1]) if match else None


def target(path, quote, name):
    """The file of this tree that an #include names, None for a system header."""
    candidates = [path.parent / name] if quote == '"' else []
    candidates += [ROOT / "src" / name, ROOT / "include" / name]
    return next((c.resolve() for c in candidates if c.is_file()), None)


def edges(path):
    for quote, name in INCLUDE.findall(text(path)):
        found = target(path, quote, name)
        if found:
            yield ROOT.resolve() / found.relative_to(ROOT.resolve())


def check_floors():
    """A file includes its own floor's folder and lower floors, never higher."""
    for path in sources("src", "include/xie"):
        floor = floor_of(path)
        if floor is None:
            yield f"{inside(path)}: on no floor: a folder of src is one, a header says 'Floor N.'"
            continue
        for other in edges(ROOT.resolve() / path.relative_to(ROOT)):
            relative = other.relative_to(ROOT.resolve())
            other_floor = floor_of(ROOT / relative)
            if other_floor is not None and other_floor > floor:
                yield (f"{inside(path)} on floor {floor} includes {relative} "
                       f"on floor {other_floor}")
            beside = relative.parts[0] == "src" and relative.parts[1] != path.parent.name
            if beside and other_floor == floor and inside(path).startswith("src/"):
                yield f"{inside(path)} includes {relative}, which stands beside it"


def check_banner_floor():
    """Where a banner in src names a floor, it is that of the folder."""
    for path in sources("src"):
        match = BANNER_FLOOR.search(head(path))
        if match and int(match[1]) != floor_of(path):
            yield f"{inside(path)} says floor {match[1]}, stands on {floor_of(path)}"


def check_circles():
    """No circle of includes, within a folder or across."""
    graph = {path.resolve(): list(edges(path.resolve())) for path in sources("src", "include")}
    done, open_ = set(), []

    def visit(path):
        if path in open_:
            circle = open_[open_.index(path):] + [path]
            yield " -> ".join(str(p.relative_to(ROOT.resolve())) for p in circle)
        elif path not in done:
            open_.append(path)
            for other in graph.get(path, []):
                yield from visit(other)
            open_.pop()
            done.add(path)

    for path in graph:
        yield from visit(path)


def check_private_headers():
    """Programs and examples use the public headers only."""
    for path in sources("examples", "apps"):
        for quote, name in INCLUDE.findall(text(path)):
            if (ROOT / "src" / name).is_file() and not (path.parent / name).is_file():
                yield f"{inside(path)} includes the private {name}"


def check_file_length():
    """A file is one idea."""
    for path in ours():
        count = len(text(path).splitlines())
        most = TEST_LINES if inside(path).startswith("tests/") else FILE_LINES
        if count > most:
            yield f"{inside(path)} has {count} lines, more than {most}"


def check_function_length():
    """A function is short. Its braces stand in the first column: clang-format sees to that."""
    for path in sources("include", "src", "apps", "tests", "examples", "bench", "fuzz"):
        start, name = None, ""
        for number, line in enumerate(text(path).splitlines(), 1):
            if line == "{":
                start = number
            elif line == "}" and start:
                if number - start - 1 > FUNCTION_LINES:
                    yield f"{inside(path)}:{start}: {name} has {number - start - 1} lines"
                start = None
            elif start is None and line and not line[0].isspace():
                name = line


def check_example_length():
    """An example is read at a glance; a step of the tutorial in a minute; a plugin in five."""
    for path in sources("examples"):
        count = len(text(path).splitlines())
        most = {"tutorial": 100, "plugins": 280}.get(path.parent.name, 60)
        if count >= most:
            yield f"{inside(path)} has {count} lines, {most} or more"


def check_spdx():
    """Each file names its licence in its first lines."""
    for path in ours():
        if path.stat().st_size and "SPDX-License-Identifier: MIT" not in head(path, 20):
            yield f"{inside(path)}: no SPDX line near its top"


def check_banners():
    """A source's first line says what it is: NAME - what."""
    for path in sources("include", "src", "apps", "tests", "examples", "bench", "fuzz"):
        if not re.match(rf"/\* {re.escape(path.name)} - \S", text(path)):
            yield f"{inside(path)}: does not begin with /* {path.name} - ..."


def check_conditionals():
    """Platforms are files: no #if inside a function."""
    for path in sources("src", "apps"):
        within = False
        for number, line in enumerate(text(path).splitlines(), 1):
            within = (within or line == "{") and line != "}"
            if within and re.match(r"\s*#\s*(if|ifdef|ifndef|else|elif)\b", line):
                yield f"{inside(path)}:{number}: {line.strip()} inside a function"


def check_blanks():
    """No tabs in sources, no blanks at a line's end, a newline at the end."""
    for path in ours():
        body = text(path)
        if body and not body.endswith("\n"):
            yield f"{inside(path)}: no newline at its end"
        for number, line in enumerate(body.splitlines(), 1):
            if line != line.rstrip() or ("\t" in line and path.suffix in SOURCES):
                yield f"{inside(path)}:{number}: blanks at the end, or a tab"


def quotes(readme):
    """The code blocks of a page: (line, name of the quoted file or None, language, body)."""
    name, language, body, start = None, None, [], 0
    for number, line in enumerate(text(readme).splitlines(), 1):
        fence = re.match(r"```(\w*)$", line)
        if language is not None and line == "```":
            yield start, name, language, "\n".join(body)
            name, language, body = None, None, []
        elif language is not None:
            body.append(line)
        elif fence:
            language, start = fence[1], number
        else:
            match = re.match(r"<!-- from (\S+) -->$", line)
            name = match[1] if match else name if not line.strip() else None


def check_readme_quotes():
    """Each C block of a page is a part of the file that the comment before it names; so is each
    other block with such a comment."""
    for page in ("README.md", "README.zh.md", "ARCHITECTURE.md", "CONTRIBUTING.md", *TUTORIALS,
                 *KIT_PAGES, *PLUGIN_PAGES):
        for line, name, language, body in quotes(ROOT / page):
            if not name:
                if language == "c":
                    yield f"{page}:{line}: C without <!-- from FILE --> before it"
            elif not (ROOT / name).is_file():
                yield f"{page}:{line}: quotes {name}, which is not there"
            elif f"\n{body}\n" not in f"\n{text(ROOT / name)}":
                yield f"{page}:{line}: differs from {name}"


def check_tutorial_languages():
    """Both languages of a page show the same blocks, in the same order."""
    for pages in KIT_PAGES, PLUGIN_PAGES, TUTORIALS:
        blocks = [[block[1:] for block in quotes(ROOT / page) if block[1]] for page in pages]
        if blocks[0] != blocks[1]:
            yield f"{' and '.join(pages)} quote different things"
    steps = {inside(path) for path in files("examples/tutorial") if path.name.startswith("step")}
    for name in sorted(steps - {name for name, _, _ in blocks[0]}):
        yield f"{TUTORIALS[0]} quotes nothing from {name}"


def check_readme_commands():
    """Both READMEs give the two commands, a handler and a generator."""
    for page in ("README.md", "README.zh.md"):
        body = text(ROOT / page)
        for command in ("./run", "./check"):
            if not any(command in block for _, _, lang, block in quotes(ROOT / page)
                       if lang == "sh"):
                yield f"{page}: no block of shell with '{command}'"
        for folder in ("examples/", "apps/bot/"):
            if f"<!-- from {folder}" not in body:
                yield f"{page}: quotes nothing from {folder}"


def check_links():
    """The pages' links within the tree lead somewhere."""
    for page in sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").glob("*.md")):
        for link in re.findall(r"\]\(([^)#\s]+)", text(page)):
            if "://" not in link and not (page.parent / link).exists():
                yield f"{page.name}: link to {link}, which is not there"


TABLES = ("docs/asyncio.md", "docs/robustness.md")  # of claims, each with its tests


def claims(page):
    """The rows of such a table: (line, theirs, ours, the tests)."""
    for number, line in enumerate(text(ROOT / page).splitlines(), 1):
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) == 3 and cells[2] != "test" and not set(cells[0]) <= set("-: "):
            yield number, *cells


def check_claimed_names():
    """What the tables name as ours is in the public headers, and nothing stands empty."""
    headers = " ".join(text(path) for path in sources("include"))
    known = set(re.findall(r"\b(?:xie|XIE)_\w+", headers))
    for page in TABLES:
        for number, theirs, ours_, _ in claims(page):
            if not theirs or not ours_:
                yield f"{page}:{number}: an empty cell"
            for name in re.findall(r"\b(?:xie|XIE)_\w+", ours_):
                if name not in known | {"XIE_BACKEND", "XIE_DEBUG"}:
                    yield f"{page}:{number}: {name} is in no header"


def test_names(path):
    """What a file of tests calls them: strings in C, functions in Python."""
    found = re.findall(r'"([^"\n]+)"', text(path))
    return set(found) | {name.replace("_", " ") for name in
                         re.findall(r"^def test_(\w+)\(", text(path), re.MULTILINE)}


def check_claimed_tests():
    """The tests that the tables name exist: `tests/FILE: NAME`, `tests/FILE: NAME`."""
    for page in TABLES:
        for number, _, ours_, tests in claims(page):
            named = re.findall(r"`(tests/[^:`]+): ([^`]+)`", tests)
            if not named and not ours_.startswith("none"):
                yield f"{page}:{number}: names no test"
            for name, title in named:
                path = ROOT / name
                if not path.is_file():
                    yield f"{page}:{number}: {name} is not there"
                elif title.strip() not in test_names(path):
                    yield f"{page}:{number}: {name} has no test called '{title.strip()}'"


def check_pages():
    """The pages that belong to the tree are there."""
    for name in ("LICENSE", "README.md", "README.zh.md", "ARCHITECTURE.md", "CONTRIBUTING.md",
                 "CHANGELOG.md", "docs/decisions.md", *TABLES, *TUTORIALS, *KIT_PAGES, *PLUGIN_PAGES,
                 ".clang-format", ".editorconfig"):
        if not (ROOT / name).is_file():
            yield f"{name} is missing"


def main():
    checks = [(name[6:].replace("_", " "), function)
              for name, function in sorted(globals().items()) if name.startswith("check_")]
    bad = 0
    print(f"1..{len(checks)}")
    for number, (name, function) in enumerate(checks, 1):
        try:
            failures = list(function())
        except OSError as error:
            failures = [str(error)]
        for failure in failures:
            print(f"# {failure}")
        print(f"{'not ok' if failures else 'ok'} {number} - {name}")
        bad += bool(failures)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
