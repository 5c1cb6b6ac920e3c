#!/usr/bin/env python3
"""tested.py - the targets that a choice of Meson's tests needs: tested.py DIR [--suite S] [--no-suite S]…

For ninja: a build that is only tested in part need not compile the rest.
"""
# SPDX-License-Identifier: MIT
import argparse
import json
import os
import subprocess


def introspect(folder, what):
    text = subprocess.run(["meson", "introspect", folder, f"--{what}"], check=True,
                          stdout=subprocess.PIPE).stdout
    return json.loads(text)


def chosen(test, suites, left_out):
    """As meson test decides: a suite is 'PROJECT:NAME'."""
    own = {suite.split(":")[-1] for suite in test["suite"]}
    return not own & set(left_out) and (not suites or own & set(suites))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--suite", action="append", default=[])
    parser.add_argument("--no-suite", action="append", default=[])
    given, _ = parser.parse_known_args()
    files = {target["id"]: target["filename"] for target in introspect(given.folder, "targets")}
    needed = {os.path.relpath(file, given.folder)
              for test in introspect(given.folder, "tests")
              if chosen(test, given.suite, given.no_suite)
              for target in test["depends"] for file in files[target]}
    print(*sorted(needed), sep="\n")


if __name__ == "__main__":
    main()
