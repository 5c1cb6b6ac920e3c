"""programs.py - areas whose contestants print their figures: each is run in turn, round by round.

A line of a program is ROW VALUE UNIT, or CONTESTANT: ROW VALUE UNIT for one that is measured
within the same program.
"""
# SPDX-License-Identifier: MIT
from area import words
from process import Child, Failed, SERVER_CORE

SECONDS_MOST = 600  # for one run of one program


def parse(area, program, line):
    """(contestant, row, value, unit) of a line."""
    parts = line.rsplit(maxsplit=2)
    if len(parts) != 3:
        raise Failed(f"said '{line}', not ROW VALUE UNIT")
    name, value, unit = parts
    contestant = program["name"]
    for one in area.contestants:
        prefix = one["name"] + ": "
        if one.get("within") == contestant and name.startswith(prefix):
            name, contestant = name.removeprefix(prefix).strip(), one["name"]
            break
    row = next((row for row in area.rows if row["name"] == name), None)
    if not row:
        raise Failed(f"said '{line}', and there is no row '{name}'")
    if row["unit"] != unit:
        raise Failed(f"said '{line}', and the unit of that row is {row['unit']}")
    try:
        return contestant, name, float(value), unit
    except ValueError:
        raise Failed(f"said '{line}', not ROW VALUE UNIT") from None


def once(area, program, command, env):
    """Run it: its figures, by contestant and row."""
    with Child(command, area.folder, env, SERVER_CORE) as child:
        lines = child.rest(SECONDS_MOST)
    figures = {}
    for line in lines:
        if line.strip():
            contestant, row, value, unit = parse(area, program, line)
            figures[contestant, row] = value, unit
    if not figures:
        raise Failed("printed no figure")
    return figures


def run(area, built, results, options):
    """Every round runs every program once, each round beginning with another one."""
    names = [name for name in area.names() if name in built]
    for turn in range(options.runs or area.runs):
        shift = turn % len(names)
        for name in names[shift:] + names[:shift]:
            program = area.contestant(name)
            if name in results.failed:
                continue
            try:
                figures = once(area, program, *built[name])
            except Failed as error:
                results.failed[name] = str(error)
                continue
            wanted = words(options.rows) or [row["name"] for row in area.rows]
            for (contestant, row), (value, unit) in figures.items():
                if row in wanted:
                    results.add(row, "", unit, contestant, value)
            options.progress(f"{area.name}: round {turn + 1}, {name}")
