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


def series(table, name):
    """A row for each size, a column for each contestant and one for its ratio to the limit."""
    entries = [entry for entry in table["lines"] if entry.get("series") == name]
    names = list(dict.fromkeys(entry["contestant"] for entry in entries))
    rows = [[f"{name} [{entries[0]['unit']}]"]]
    for one in names:
        rows[0] += [one, "× limit"] if any("to_limit" in entry for entry in entries
                                           if entry["contestant"] == one) else [one]
    for at in sorted({entry["at"] for entry in entries}):
        by = {entry["contestant"]: entry for entry in entries if entry["at"] == at}
        row = [f"{at:,}"]
        for title in rows[0][1:]:
            if title != "× limit":
                entry = by.get(title, {})
                row.append(number(entry["median"]) if entry else "")
            else:
                row.append(spread(entry["to_limit"]) if "to_limit" in entry else "")
        rows.append(row)
    return rows


def print_columns(rows, out):
    width = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    print(file=out)
    for row in rows:
        print("  " + "  ".join(cell.ljust(width[column]) if column == 0 else
                               cell.rjust(width[column])
                               for column, cell in enumerate(row)).rstrip(), file=out)


def print_table(area, table, out):
    print(f"\n{area.name}: {area.about}", file=out)
    seen = []
    for entry in table["lines"]:
        line = entry["row"], entry["value"]
        if line in seen:
            continue
        if "series" in entry:
            seen += [(other["row"], other["value"]) for other in table["lines"]
                     if other.get("series") == entry["series"]]
            print_columns(series(table, entry["series"]), out)
            continue
        seen.append(line)
        rows = [cells(other) for other in table["lines"]
                if (other["row"], other["value"]) == line]
        title = " ".join(filter(None, line))
        rows.insert(0, (f"{title} [{entry['unit']}]", *HEAD[1:]))
        print_columns(rows, out)
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
