"""area.py - reads an area of the benchmarks, bench/AREA/area.toml, and says what is wrong with it.

The contract is in bench/README.md.
"""
# SPDX-License-Identifier: MIT
import pathlib
import re
import tomllib

ROLES = ("ours", "limit", "peer")
BUILDERS = ("meson", "cc", "cxx", "go", "cargo", "python", "node", "command", "within")
MEASURES = ("cpu", "rate", "memory", "growth", "latency")
NAME = re.compile(r"[a-z0-9][a-z0-9 .,+_/-]*", re.IGNORECASE)

# The keys of each table, with the type of their values.
STRINGS = (list, str)
AREA = {"about": str, "kind": str, "runs": int, "row": list, "contestant": list, "goal": list,
        "load": dict, "picture": list}
PROGRAM = {"meson": str, "cc": STRINGS, "cxx": STRINGS, "go": str, "cargo": str, "python": str,
           "node": str, "command": STRINGS, "within": str, "pkg": STRINGS, "flags": STRINGS,
           "pip": STRINGS, "npm": STRINGS, "needs": STRINGS, "packages": STRINGS,
           "args": STRINGS, "env": dict}
CONTESTANT = {"name": str, "role": str, "rows": STRINGS, "beside": str, "note": str,
              "pinned": bool, **PROGRAM}
LOAD = {"listens": bool, **PROGRAM}
ROW = {"name": str, "unit": str, "measure": str, "args": STRINGS, "seconds": (int, float),
       "rate": (int, float), "apart": bool, "series": str, "at": (int, float), "note": str}
GOAL = {"of": STRINGS, "to": str, "from": str, "most": (int, float), "rows": STRINGS, "value": str}
PICTURE = {"file": str, "title": str, "rows": STRINGS, "series": str, "unit": str, "value": str}


class Wrong(Exception):
    """What the file says cannot be."""


def words(value):
    """A list, where one word may stand for itself."""
    return [value] if isinstance(value, str) else list(value or [])


class Area:
    """An area: its rows, contestants and goals, checked."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.name = self.folder.name
        try:
            with open(self.folder / "area.toml", "rb") as file:
                table = tomllib.load(file)
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise Wrong(f"{self.name}: {error}") from None
        self.check_keys("area.toml", table, AREA)
        self.about = self.need(table, "about", "area.toml")
        self.kind = self.need(table, "kind", "area.toml")
        self.runs = table.get("runs", 5)
        self.rows = table.get("row", [])
        self.contestants = table.get("contestant", [])
        self.goals = table.get("goal", [])
        self.pictures = table.get("picture", [])
        self.load = table.get("load")
        self.check()

    def wrong(self, text):
        raise Wrong(f"{self.name}/area.toml: {text}")

    def need(self, table, key, where):
        if key not in table:
            self.wrong(f"{where} has no '{key}'")
        return table[key]

    def check_keys(self, where, table, known):
        if not isinstance(table, dict):
            self.wrong(f"{where} is no table")
        for key, value in table.items():
            if key not in known:
                self.wrong(f"{where}: unknown key '{key}'")
            if not isinstance(value, known[key]) or (
                    isinstance(value, bool) and known[key] is not bool):
                self.wrong(f"{where}: '{key}' is of the wrong type")

    def check(self):
        if self.kind not in ("programs", "duel"):
            self.wrong("kind is neither 'programs' nor 'duel'")
        if self.runs < 5:
            self.wrong("fewer than five runs tell nothing")
        if self.kind == "duel":
            if not self.load:
                self.wrong("a duel needs a [load]")
            self.check_program("load", self.load, LOAD)
        elif self.load:
            self.wrong("only a duel has a [load]")
        self.check_rows()
        self.check_contestants()
        self.check_goals()
        for picture in self.pictures:
            self.check_keys("picture", picture, PICTURE)
            for key in ("file", "title", "unit"):
                self.need(picture, key, "picture")
            self.check_named("picture", picture)
            if picture.get("series") not in [None] + [row.get("series") for row in self.rows]:
                self.wrong(f"picture: there is no series '{picture['series']}'")

    def unique(self, what, tables):
        names = [self.need(table, "name", what) for table in tables]
        for name in names:
            if not isinstance(name, str) or not NAME.fullmatch(name) or names.count(name) > 1:
                self.wrong(f"{what} '{name}': twice, or no good name")
        if not names:
            self.wrong(f"no {what}")

    def check_rows(self):
        self.unique("row", self.rows)
        for row in self.rows:
            self.check_keys(f"row '{row['name']}'", row, ROW)
            if ("series" in row) != ("at" in row) or row.get("at", 1) <= 0:
                self.wrong(f"row '{row['name']}': a series and a place in it, above 0, or neither")
            if self.kind == "programs":
                self.need(row, "unit", f"row '{row['name']}'")
            elif row.setdefault("measure", "cpu") not in MEASURES:
                self.wrong(f"row '{row['name']}': measures none of {', '.join(MEASURES)}")

    def check_program(self, where, program, keys):
        self.check_keys(where, program, keys)
        ways = [key for key in BUILDERS if key in program]
        if len(ways) != 1:
            self.wrong(f"{where}: one of {', '.join(BUILDERS)} says what to run, not {len(ways)}")
        sources = words(program.get("cc")) + words(program.get("cxx"))
        sources += [program[key] for key in ("go", "cargo", "python", "node") if key in program]
        for source in sources:
            if not (self.folder / source).exists():
                self.wrong(f"{where}: there is no {source}")

    def check_contestants(self):
        self.unique("contestant", self.contestants)
        for one in self.contestants:
            where = f"contestant '{one['name']}'"
            self.check_program(where, one, CONTESTANT)
            if self.need(one, "role", where) not in ROLES:
                self.wrong(f"{where}: its role is none of {', '.join(ROLES)}")
            self.check_named(where, one)
            if "beside" in one and one["beside"] not in self.names("limit"):
                self.wrong(f"{where}: beside '{one['beside']}', which is no limit")
            if "within" in one and (one["within"] not in self.names() or self.kind == "duel"):
                self.wrong(f"{where}: within '{one['within']}', which is no program here")
        if not self.names("ours"):
            self.wrong("no contestant is ours")

    def check_named(self, where, table):
        for name in words(table.get("rows")):
            if name not in [row["name"] for row in self.rows]:
                self.wrong(f"{where}: there is no row '{name}'")

    def check_goals(self):
        for goal in self.goals:
            self.check_keys("goal", goal, GOAL)
            self.need(goal, "most", "goal")
            self.check_named("goal", goal)
            for name in words(self.need(goal, "of", "goal")):
                if name not in self.names("ours"):
                    self.wrong(f"goal: '{name}' is not ours")
            if ("to" in goal) == ("from" in goal):
                self.wrong("goal: either to a contestant, or from a row")
            if goal.get("to", self.names()[0]) not in self.names():
                self.wrong(f"goal: there is no contestant '{goal['to']}'")
            if "from" in goal:
                self.check_named("goal", {"rows": goal["from"]})

    def names(self, role=None):
        return [one["name"] for one in self.contestants if role in (None, one["role"])]

    def contestant(self, name):
        return next(one for one in self.contestants if one["name"] == name)

    def row(self, name):
        return next(row for row in self.rows if row["name"] == name)

    def limit_of(self, one):
        """What a contestant is compared with: the limit it names, else the first one."""
        return one.get("beside") or next(iter(self.names("limit")), None)

    def plays(self, one, row):
        return not one.get("rows") or row["name"] in words(one["rows"])


def folders(bench):
    """The folders of areas, in alphabetical order."""
    return sorted(path.parent for path in pathlib.Path(bench).glob("*/area.toml"))
