"""figures.py - what the runs gave: medians, spreads, and ratios taken run by run."""
# SPDX-License-Identifier: MIT
import statistics

from area import words


def quartiles(values):
    """The lower quartile, the median and the upper quartile."""
    if len(values) == 1:
        return values[0], values[0], values[0]
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, middle, high


class Results:
    """The samples of an area, by line and contestant: one of each run, None where it failed.

    A line is (row, value): a row of latencies has several values, others the one called "".
    """

    def __init__(self, area):
        self.area = area
        self.samples = {}  # (row, value) -> {contestant: [one a run]}
        self.units = {}    # (row, value) -> unit
        self.skipped = {}  # contestant -> why
        self.failed = {}   # contestant -> what
        self.void = {}     # (row, contestant) -> what

    def add(self, row, value, unit, contestant, sample):
        self.units[row, value] = unit
        self.samples.setdefault((row, value), {}).setdefault(contestant, []).append(sample)

    def values(self, line, contestant):
        if (line[0], contestant) in self.void:
            return []
        return [one for one in self.samples.get(line, {}).get(contestant, []) if one is not None]

    def ratios(self, line, contestant, other):
        """Of the runs that have both: one's sample by the other's."""
        if any((line[0], name) in self.void for name in (contestant, other)):
            return []
        by = self.samples.get(line, {})
        return [a / b for a, b in zip(by.get(contestant, []), by.get(other, []))
                if a is not None and b]

    def lines(self):
        """In the order of the rows."""
        order = [row["name"] for row in self.area.rows]
        return sorted(self.samples, key=lambda line: order.index(line[0]))

    def growth(self, line, contestant, row):
        """Run by run: its sample by its own in another row."""
        before, after = (self.samples.get(one, {}).get(contestant, [])
                         for one in ((row, line[1]), line))
        return [a / b for a, b in zip(after, before) if a is not None and b]

    def goals(self):
        """Each goal on each of its lines, of which there are runs: what is wanted, what is there."""
        for goal in self.area.goals:
            for line in self.lines():
                if goal.get("rows") and line[0] not in words(goal["rows"]):
                    continue
                if goal.get("value") and goal["value"] != line[1]:
                    continue
                for name in words(goal["of"]):
                    ratios = (self.ratios(line, name, goal["to"]) if "to" in goal
                              else self.growth(line, name, goal["from"]))
                    if ratios:
                        yield {"row": line[0], "value": line[1], "of": name,
                               "to": goal.get("to") or f"its {goal['from']}",
                               "most": goal["most"], "ratio": quartiles(ratios),
                               "reached": quartiles(ratios)[1] <= goal["most"]}

    def table(self):
        """All of it, for machines."""
        lines = []
        for line in self.lines():
            ours = [name for name in self.area.names("ours") if self.values(line, name)]
            for one in self.area.contestants:
                values = self.values(line, one["name"])
                if not values:
                    continue
                limit = self.area.limit_of(one)
                low, median, high = quartiles(values)
                row = self.area.row(line[0])
                entry = {"row": line[0], "value": line[1], "unit": self.units[line],
                         "contestant": one["name"], "role": one["role"], "median": median,
                         "quartiles": [low, high], "least": min(values), "most": max(values),
                         "runs": len(values)}
                to_limit = self.ratios(line, one["name"], limit) if limit else []
                if "series" in row:
                    entry |= {"series": row["series"], "at": row["at"]}
                if to_limit and one["name"] != limit:
                    entry["limit"] = limit
                    entry["to_limit"] = quartiles(to_limit)
                if one["role"] == "peer":
                    entry["ours_to_it"] = {name: quartiles(found) for name in ours
                                           if (found := self.ratios(line, name, one["name"]))}
                lines.append(entry)
        return {"area": self.area.name, "lines": lines, "goals": list(self.goals()),
                "skipped": self.skipped, "failed": self.failed,
                "void": [{"row": row, "contestant": name, "why": why}
                         for (row, name), why in self.void.items()]}
