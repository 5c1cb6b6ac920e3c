#!/usr/bin/env python3
"""embed.py - writes the page's files as a C table: embed.py OUT FILE...
Run by the build; the first file is also the page's root."""
# SPDX-License-Identifier: MIT
import os
import sys

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


def bytes_of(data):
    """Comma-separated numbers, twenty a line."""
    for start in range(0, len(data), 20):
        yield "    " + "".join(f"{byte}," for byte in data[start:start + 20])


def main(out_name, names):
    arrays, table = [], []
    for number, name in enumerate(names):
        with open(name, "rb") as file:
            data = file.read()
        path = "/" + os.path.basename(name)
        kind = TYPES[os.path.splitext(name)[1]]
        arrays += [f"static const unsigned char file{number}[] = {{", *bytes_of(data), "};"]
        table.append(f'    {{"{path}", "{kind}", file{number}, sizeof file{number}}},')
    with open(out_name, "w", encoding="ascii") as out:
        print("/* Made by embed.py from the files in page/. */", file=out)
        print('#include "page.h"', file=out)
        print(*arrays, sep="\n", file=out)
        print("const struct page_file page_files[] = {", *table, "    {0}};", sep="\n", file=out)


main(sys.argv[1], sys.argv[2:])
