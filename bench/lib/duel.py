"""duel.py - areas whose contestants are servers: all of them alive at once, and one load program
that plays short windows on each in turn.

The server's CPU time per request is taken window by window, and so are the ratios. A request
that never gets a reply voids the row for that server.
"""
# SPDX-License-Identifier: MIT
import contextlib
import statistics
import time

from area import words
from process import Child, Failed, LOAD_CORE, SERVER_CORE

START_SECONDS = 30  # for a server to say its port
OPEN_SECONDS = 60   # for all connections
PLAY_SECONDS = 300  # for what a window leaves outstanding; lost is what a load program says is
LATENCIES = ("p50", "p99", "p99.9")


class Void(Exception):
    """Requests without a reply."""


class Duel:
    """One row, with its servers and its load running."""

    def __init__(self, area, row, built, load, options, stack):
        self.area, self.row, self.options = area, row, options
        self.names = [name for name in area.names()
                      if name in built and area.plays(area.contestant(name), row)]
        self.seconds = options.seconds or row.get("seconds", 0.3)
        self.children = {}
        self.index = {name: number for number, name in enumerate(self.names)}
        args = words(row.get("args"))
        listens = bool(area.load.get("listens"))
        if listens:
            self.load = self.start_load(load, [*args, "--listen", str(len(self.names))], stack)
            ports = [self.load.answer("port", START_SECONDS)[0] for _ in self.names]
        for number, name in enumerate(self.names):
            command, env = built[name]
            if listens:
                command = [word.replace("{port}", ports[number]) for word in command]
            self.children[name] = stack.enter_context(
                Child(command, area.folder, env, core_of(area, name)))
        if not listens:
            ports = [self.port_of(name) for name in self.names]
            self.load = self.start_load(load, [*args, *ports], stack)

    def start_load(self, load, args, stack):
        command, env = load
        return stack.enter_context(Child(command + args, self.area.folder, env, LOAD_CORE))

    def port_of(self, name):
        """The last word of its first line, which is a number or ends in :NUMBER."""
        line = self.children[name].line(START_SECONDS)
        port = line.split()[-1].rsplit(":", 1)[-1].rstrip("/") if line else ""
        if not port.isdigit():
            raise Failed(f"{name} said '{line}', which names no port")
        return port

    def open(self, name):
        """How many connections there are now: 0 of a client that does not come, or is not well."""
        self.load.say(f"open {self.index[name]}")
        return int(self.load.answer("opened", OPEN_SECONDS)[0])

    def open_all(self, results):
        for name in list(self.names):
            if self.open(name) == 0:
                results.failed[name] = "it did not connect and answer"
                self.names.remove(name)

    def close(self, name):
        self.load.say(f"close {self.index[name]}")
        self.load.answer("closed", OPEN_SECONDS)

    def play(self, name, rate=0.0, seconds=None):
        """A window: (requests, seconds, latencies [ns])."""
        seconds = seconds or self.seconds
        self.load.say(f"play {self.index[name]} {int(seconds * 1000)} {rate:.0f}")
        requests, lost, took, *latencies = map(
            float, self.load.answer("played", seconds + PLAY_SECONDS))
        if lost:
            raise Void(f"{lost:.0f} requests were never answered")
        if not requests:
            raise Void("no request was answered")
        return requests, took / 1e9, latencies

    def cpu(self, name):
        """Microseconds of the server's CPU per request in one window."""
        child = self.children[name]
        before = child.cpu_ns()
        requests, _, _ = self.play(name)
        return (child.cpu_ns() - before) / requests / 1000

    def able(self, name):
        """Requests a second in one window."""
        requests, seconds, _ = self.play(name)
        return requests / seconds

    def rate(self):
        """Requests a second for all: half of what the slowest of ours and the limits can do."""
        if "rate" in self.row:
            return self.row["rate"]
        return min(self.able(name) for name in self.names
                   if self.area.contestant(name)["role"] != "peer") / 2


def core_of(area, name):
    """The servers' core; None, any of them, for one that is not pinned."""
    return SERVER_CORE if area.contestant(name).get("pinned", True) else None


def attempt(results, duel, name, work):
    """Do it; None and a note when requests were lost or the server is gone."""
    if (duel.row["name"], name) in results.void:
        return None
    try:
        return work()
    except Void as error:
        results.void[duel.row["name"], name] = str(error)
        return None


def turns(duel, runs):
    """Who plays when: every round everybody, each round beginning with another one."""
    for turn in range(runs):
        shift = turn % len(duel.names)
        for name in duel.names[shift:] + duel.names[:shift]:
            duel.options.progress(f"{duel.area.name}: {duel.row['name']}, round {turn + 1}, {name}")
            yield name


def windows(duel, results, runs):
    """Rows of CPU time, rates and latencies: connections stay, unless the row wants them apart."""
    row, apart = duel.row, duel.row.get("apart", False)
    latency = row["measure"] == "latency"
    if not apart:
        duel.open_all(results)
        for name in duel.names:
            attempt(results, duel, name, lambda: duel.play(name))  # to warm up
    rate = duel.rate() if latency else 0
    for name in turns(duel, runs):
        if apart:
            duel.open(name)
            attempt(results, duel, name, lambda: duel.play(name))
        if latency:
            found = attempt(results, duel, name, lambda: duel.play(name, rate)[2])
            for value, sample in zip(LATENCIES, found or [None] * 3):
                results.add(row["name"], value, "us", name, sample and sample / 1000)
        elif row["measure"] == "rate":
            results.add(row["name"], "", "/s", name, attempt(results, duel, name,
                                                             lambda: duel.able(name)))
        else:
            results.add(row["name"], "", "us", name, attempt(results, duel, name,
                                                              lambda: duel.cpu(name)))
        if apart:
            duel.close(name)


def settled(child):
    """Its memory once that no longer changes, or after two seconds."""
    last = child.resident()
    for _ in range(20):
        time.sleep(0.1)
        now = child.resident()
        if now == last:
            break
        last = now
    return last


def memory(duel, results):
    """One figure of each server: by how much connections, or requests, made it grow."""
    row = duel.row
    for name in duel.names:
        child = duel.children[name]
        before = settled(child)
        count = duel.open(name)
        if row["measure"] == "growth":
            before = settled(child)
            found = attempt(results, duel, name, lambda: duel.play(name)[0])
            count = found or 0
        grown = (settled(child) - before) / count if count else None
        results.add(row["name"], "", "bytes", name, grown)
        if row.get("apart"):
            duel.close(name)


def run_row(area, row, built, load, results, options):
    runs = options.runs or area.runs
    once = row["measure"] in ("memory", "growth")
    for turn in range(runs if once else 1):  # memory is asked of fresh servers
        with contextlib.ExitStack() as stack:
            duel = Duel(area, row, built, load, options, stack)
            if once:
                options.progress(f"{area.name}: {row['name']}, round {turn + 1}")
                memory(duel, results)
            else:
                windows(duel, results, runs)


def check_starts(area, built, results):
    """A server that does not come up is left out, with what it said."""
    if area.load.get("listens"):
        return
    for name in list(built):
        try:
            command, env = built[name]
            with Child(command, area.folder, env, core_of(area, name)) as child:
                child.line(START_SECONDS)
        except (Failed, OSError) as error:
            results.failed[name] = str(error)
            del built[name]


def run(area, built, load, results, options):
    check_starts(area, built, results)
    wanted = words(options.rows) or [row["name"] for row in area.rows]
    for row in area.rows:
        if row["name"] not in wanted:
            continue
        try:
            run_row(area, row, built, load, results, options)
        except (Failed, OSError, statistics.StatisticsError) as error:
            results.failed[f"row {row['name']}"] = str(error)
