"""table.py - the results of an area as a person reads them."""
# SPDX-License-Identifier: MIT

HEAD = ("", "median", "quartiles", "× limit", "ours ÷ it")


def number(value):
    """Three digits that count."""
    if value >= 1000 or value == 0:
        return f"{value:.0f}"
    return f"{value:.{1 if value >= 100 else 2 if value >= 10 else 3}f}"


def spread(ratio):
    """A ratio's median with its quartiles."""
    low, median, high = ratio
    return f"{median:.3f} ({low:.3f}–{high:.3f})"


def cells(entry):
    low, high = entry["quartiles"]
    ours = entry.get("ours_to_it", {})
    first = next(iter(ours.values()), None)
    return (f"{entry['contestant']}{'' if entry['role'] == 'peer' else ' (' + entry['role'] + ')'}",
            number(entry["median"]), f"{number(low)}–{number(high)}",
            spread(entry["to_limit"]) if "to_limit" in entry else "",
            spread(first) if first else "")


def print_table(area, table, out):
    print(f"\n{area.name}: {area.about}", file=out)
    seen = []
    for entry in table["lines"]:
        line = entry["row"], entry["value"]
        if line in seen:
            continue
        seen.append(line)
        rows = [cells(other) for other in table["lines"]
                if (other["row"], other["value"]) == line]
        title = " ".join(filter(None, line))
        rows.insert(0, (f"{title} [{entry['unit']}]", *HEAD[1:]))
        width = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
        print(file=out)
        for row in rows:
            print("  " + "  ".join(cell.ljust(width[column]) if column == 0 else
                                   cell.rjust(width[column])
                                   for column, cell in enumerate(row)).rstrip(), file=out)
    print_notes(table, out)


def print_notes(table, out):
    if table["goals"]:
        print("\n  goals:", file=out)
    for goal in table["goals"]:
        title = " ".join(filter(None, (goal["row"], goal["value"])))
        print(f"    {title}: {goal['of']} ÷ {goal['to']} at most {goal['most']}: "
              f"{spread(goal['ratio'])}, {'reached' if goal['reached'] else 'not reached'}", file=out)
    for name, why in table["skipped"].items():
        print(f"  skipped {name}: {why}", file=out)
    for name, why in table["failed"].items():
        print(f"  FAILED {name}: {why}", file=out)
    for void in table["void"]:
        print(f"  VOID {void['row']}, {void['contestant']}: {void['why']}", file=out)
