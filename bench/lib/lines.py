"""lines.py - a series as SVG: a line for each contestant, from the least size to the largest.

Both scales are logarithmic, so that what costs the same for each item is level.
"""
# SPDX-License-Identifier: MIT
import math

from svg import COLOURS, page, text
from table import number

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 860, 460, 80, 190, 70, 50


def decades(values):
    """The powers of ten around them: exponents of the first and the last."""
    first, last = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return first, max(last, first + 1)


def draw(table, picture, about):
    """The picture as a string; None when there is nothing to show."""
    entries = [entry for entry in table["lines"]
               if entry.get("series") == picture["series"] and entry["median"] > 0]
    if not entries:
        return None
    (x0, x1), (y0, y1) = (decades([entry[key] for entry in entries]) for key in ("at", "median"))

    def across(value):
        return LEFT + (WIDTH - LEFT - RIGHT) * (math.log10(value) - x0) / (x1 - x0)

    def up(value):
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (math.log10(value) - y0) / (y1 - y0)

    parts = [text(20, 28, picture["title"], 18, weight="bold"),
             text(20, 48, f"[{picture['unit']}, logarithmic] {about}")]
    for power in range(y0, y1 + 1):
        y = up(10.0 ** power)
        parts += [f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#d0d7de"/>',
                  text(LEFT - 8, y + 4, f"{10.0 ** power:,g}", 12, "end")]
    for power in range(x0, x1 + 1):
        parts.append(text(across(10.0 ** power), HEIGHT - BOTTOM + 20, f"{10 ** power:,}", 12,
                          "middle"))
    below = HEIGHT
    for name, line in sorted(by_contestant(entries).items(), key=lambda one: one[1][-1]["median"]):
        colour, last = COLOURS[line[0]["role"]], line[-1]
        points = " ".join(f"{across(one['at']):.1f},{up(one['median']):.1f}" for one in line)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{across(one["at"]):.1f}" cy="{up(one["median"]):.1f}" r="3" '
                  f'fill="{colour}"/>' for one in line]
        below = min(up(last["median"]) + 4, below - 15)  # labels do not lie on each other
        parts.append(text(across(last["at"]) + 8, below, f"{name} {number(last['median'])}", 12))
    return page(WIDTH, HEIGHT, parts)


def by_contestant(entries):
    """Each one's, by size."""
    found = {}
    for entry in sorted(entries, key=lambda entry: entry["at"]):
        found.setdefault(entry["contestant"], []).append(entry)
    return found
