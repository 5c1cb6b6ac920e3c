"""picture.py - bars as SVG: a group for each line of the results, a bar for each contestant.

The scale is logarithmic where the largest is more than twenty times the smallest.
"""
# SPDX-License-Identifier: MIT
import math

import lines
from area import words
from svg import COLOURS, page, text
from table import number

BAR, GAP, LEFT, RIGHT, TOP = 18, 16, 230, 90, 60
WIDTH = 860


def chosen(table, picture):
    """The entries that a picture shows, by line."""
    groups = {}
    for entry in table["lines"]:
        if picture.get("rows") and entry["row"] not in words(picture["rows"]):
            continue
        if picture.get("value") and entry["value"] not in words(picture["value"]):
            continue
        groups.setdefault((entry["row"], entry["value"]), []).append(entry)
    return groups


def scale(entries):
    """A function from a value to a length, and whether it is logarithmic."""
    values = [entry["median"] for entry in entries if entry["median"] > 0]
    low, high, room = min(values), max(values), WIDTH - LEFT - RIGHT
    if high / low > 20:
        floor = math.floor(math.log10(low))
        span = math.log10(high) - floor
        return lambda value: max(1, room * (math.log10(max(value, 10 ** floor)) - floor) / span), True
    return lambda value: max(1, room * value / high), False


def draw(table, picture, about):
    """The picture as a string; None when there is nothing to show."""
    if picture.get("series"):
        return lines.draw(table, picture, about)
    groups = chosen(table, picture)
    if not groups:
        return None
    length, logarithmic = scale([entry for group in groups.values() for entry in group])
    note = picture["unit"] + (", logarithmic" if logarithmic else "")
    parts = [text(20, 28, picture["title"], 18, weight="bold"), text(20, 48, f"[{note}] {about}")]
    y = TOP
    for (row, value), entries in groups.items():
        y += GAP
        parts.append(text(20, y + 13, " ".join(filter(None, (row, value))), weight="bold"))
        y += BAR + 4
        for entry in sorted(entries, key=lambda entry: entry["median"]):
            long = length(entry["median"])
            parts.append(text(LEFT - 8, y + 13, entry["contestant"], anchor="end"))
            parts.append(f'<rect x="{LEFT}" y="{y}" width="{long:.1f}" height="{BAR - 4}" '
                         f'fill="{COLOURS[entry["role"]]}"/>')
            parts.append(text(LEFT + long + 6, y + 12, number(entry["median"]), 12))
            y += BAR
    return page(WIDTH, y + GAP, parts)
