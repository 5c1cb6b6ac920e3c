#!/usr/bin/env python3
"""bench.py - bench/run works: its areas are sound, and small ones of our own run to the end. TAP.

usage: bench.py ROOT LOAD SERVER; LOAD and SERVER play and serve WebSocket, for the kit of C.
Contestants here are programs of a line or two; nothing depends on how long anything takes.
"""
# SPDX-License-Identifier: MIT
import json
import os
import pathlib
import select
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(sys.argv[1])
LOAD, SERVER = (pathlib.Path(program).resolve() for program in sys.argv[2:4])
SCRATCH = tempfile.TemporaryDirectory()
BENCH = pathlib.Path(SCRATCH.name)

PROGRAMS = '''
about = "figures that are known"
kind = "programs"
[[row]]
name = "a row"
unit = "ns"
[[contestant]]
name = "us"
role = "ours"
command = ["printf", "a row 30 ns\\nbare: a row 10 ns\\n"]
[[contestant]]
name = "bare"
role = "limit"
within = "us"
[[contestant]]
name = "them"
role = "peer"
command = ["printf", "a row 60 ns\\n"]
[[contestant]]
name = "nobody"
role = "peer"
command = ["no-such-program-here"]
[[goal]]
of = "us"
to = "bare"
most = 2
[[goal]]
of = "us"
to = "them"
most = 0.5
[[picture]]
file = "row.svg"
title = "A row"
unit = "ns"
'''

ECHO = '''
import socket, sys, threading
listener = socket.create_server(("127.0.0.1", 0))
print("port", listener.getsockname()[1], flush=True)
def serve(peer):
    while data := peer.recv(4096):
        peer.sendall(data)
def accept():
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
threading.Thread(target=accept, daemon=True).start()
sys.stdin.read()
'''

# A load that plays a hundred requests, whatever the time; the second server loses one.
PLAYER = '''
import socket, sys
ports, open_ = sys.argv[3:], {}
for line in sys.stdin:
    word, index, *rest = line.split()
    if word == "open":
        open_[index] = socket.create_connection(("127.0.0.1", int(ports[int(index)])))
        print("opened 1", flush=True)
    elif word == "play":
        for i in range(100):
            open_[index].sendall(b"x")
            assert open_[index].recv(1) == b"x"
        print("played 100", int(sys.argv[2] == "yes" and index == "1"), "5000 1 2 3 4", flush=True)
'''

DUEL = f'''
about = "two servers"
kind = "duel"
[load]
command = ["{sys.executable}", "{{area}}/player.py"]
args = ["--lose"]
[[row]]
name = "time"
args = ["no"]
[[row]]
name = "wait"
measure = "latency"
rate = 100
args = ["no"]
[[row]]
name = "room"
measure = "memory"
args = ["no"]
[[row]]
name = "lost"
args = ["yes"]
[[contestant]]
name = "us"
role = "ours"
command = ["{sys.executable}", "{{area}}/echo.py"]
[[contestant]]
name = "them"
role = "peer"
command = ["{sys.executable}", "{{area}}/echo.py"]
'''

SERIES = '''
about = "one size of several"
kind = "programs"
[[row]]
name = "tasks, 10"
unit = "ns"
series = "tasks"
at = 10
[[row]]
name = "tasks, 1,000"
unit = "ns"
series = "tasks"
at = 1000
[[contestant]]
name = "us"
role = "ours"
command = ["printf", "tasks, 10 20 ns\\ntasks, 1,000 50 ns\\n"]
[[contestant]]
name = "bare"
role = "limit"
command = ["printf", "tasks, 10 10 ns\\ntasks, 1,000 10 ns\\n"]
[[goal]]
of = "us"
from = "tasks, 10"
most = 2
rows = ["tasks, 1,000"]
[[picture]]
file = "tasks.svg"
title = "Tasks"
unit = "ns"
series = "tasks"
'''

# Servers that leave word of how many cores they may use.
CORES = f'''
about = "one core, or all"
kind = "duel"
[load]
command = ["{sys.executable}", "{{area}}/player.py"]
args = ["--lose", "no"]
[[row]]
name = "much"
measure = "rate"
[[contestant]]
name = "us"
role = "ours"
command = ["{sys.executable}", "{{area}}/echo.py", "{{area}}/pinned"]
[[contestant]]
name = "them"
role = "peer"
pinned = false
command = ["{sys.executable}", "{{area}}/echo.py", "{{area}}/free"]
'''

COUNTED = '''
import os, sys
with open(sys.argv[1], "w") as file:
    file.write(str(len(os.sched_getaffinity(0))))
'''

KIT = f'''
about = "the kit of C, on a server of C"
kind = "duel"
[load]
command = ["{LOAD}"]
args = ["--connections", "3"]
[[row]]
name = "deep"
args = ["--size", "200", "--depth", "4"]
[[row]]
name = "large"
args = ["--size", "60000", "--depth", "8"]
[[row]]
name = "paced"
measure = "latency"
rate = 2000
[[row]]
name = "apart"
apart = true
[[contestant]]
name = "limit"
role = "ours"
command = ["{SERVER}"]
'''


def area(name, text, **files):
    folder = BENCH / name
    folder.mkdir(exist_ok=True)
    (folder / "area.toml").write_text(text)
    for stem, body in files.items():
        (folder / f"{stem}.py").write_text(body)


def bench(*args, folder=BENCH):
    command = [ROOT / "bench/run", "--no-build", "--bench", str(folder), *args]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    return done.returncode, done.stdout, done.stderr


def measured(*args):
    code, out, error = bench("--json", "-", "--runs", "1", "--seconds", "0.01", *args)
    assert out, error
    return code, json.loads(out)["areas"][0]


def test_areas_are_sound():
    code, out, error = bench("--list", folder=ROOT / "bench")
    assert code == 0, error
    for path in (ROOT / "bench").glob("*/area.toml"):
        assert f"\n{path.parent.name}: " in "\n" + out, path


def test_programs():
    area("figures", PROGRAMS)
    code, found = measured("figures", "--pictures", str(BENCH / "pictures"))
    lines = {line["contestant"]: line for line in found["lines"]}
    assert code == 0, found
    assert lines["us"]["median"] == 30 and lines["us"]["to_limit"][1] == 3
    assert lines["bare"]["median"] == 10
    assert lines["them"]["ours_to_it"]["us"][1] == 0.5
    assert "no-such-program-here" in found["skipped"]["nobody"]
    assert [goal["reached"] for goal in found["goals"]] == [False, True]
    assert "<svg" in (BENCH / "pictures/row.svg").read_text()
    code, out, _ = bench("figures", "--runs", "2")
    assert code == 0 and "us ÷ bare at most 2: 3.000 (3.000–3.000), not reached" in out, out


def test_a_program_that_fails():
    area("failing", PROGRAMS.replace('"a row 60 ns\\n"', '"another row 60 ns\\n"'))
    code, found = measured("failing")
    assert code == 1 and "no row 'another row'" in found["failed"]["them"], found
    area("failing", PROGRAMS.replace('["printf", "a row 60 ns\\n"]', '["false"]'))
    code, found = measured("failing")
    assert code == 1 and "code 1" in found["failed"]["them"], found


def test_a_duel():
    area("duel", DUEL, echo=ECHO, player=PLAYER)
    code, found = measured("duel", "--row", "time", "--row", "wait", "--row", "room")
    assert code == 0, found
    lines = {(line["row"], line["value"], line["contestant"]): line for line in found["lines"]}
    assert lines["time", "", "us"]["median"] > 0
    assert lines["time", "", "them"]["ours_to_it"]["us"][1] > 0
    assert lines["wait", "p99", "us"]["median"] == 0.002
    assert ("room", "", "them") in lines


def test_a_lost_request_voids_its_row():
    area("duel", DUEL, echo=ECHO, player=PLAYER)
    code, found = measured("duel", "--row", "lost")
    assert code == 1 and found["void"][0]["contestant"] == "them", found
    assert [line["contestant"] for line in found["lines"]] == ["us"]


def test_sizes():
    area("sizes", SERIES)
    code, found = measured("sizes", "--pictures", str(BENCH / "pictures"))
    assert code == 0 and not found["failed"], found
    lines = {(line["at"], line["contestant"]): line for line in found["lines"]}
    assert lines[1000, "us"]["median"] == 50 and lines[1000, "us"]["to_limit"][1] == 5
    assert [(goal["row"], goal["ratio"][1], goal["reached"]) for goal in found["goals"]] == \
        [("tasks, 1,000", 2.5, False)], found["goals"]
    assert "<svg" in (BENCH / "pictures/tasks.svg").read_text()
    _, out, _ = bench("sizes", "--runs", "1")
    rows = [line.split() for line in out.splitlines()]
    assert ["10", "20.00", "2.000", "(2.000–2.000)", "10.00"] in rows, out
    assert ["1,000", "50.00", "5.000", "(5.000–5.000)", "10.00"] in rows, out


def test_requests_a_second_on_one_core_or_all():
    area("cores", CORES, echo=COUNTED + ECHO, player=PLAYER)
    code, found = measured("cores")
    assert code == 0 and not found["void"], found
    lines = {line["contestant"]: line for line in found["lines"]}
    assert lines["us"]["unit"] == "/s"
    assert lines["us"]["median"] == 100 / 5000e-9  # by what the load says it took
    assert (BENCH / "cores/pinned").read_text() == "1"
    assert int((BENCH / "cores/free").read_text()) == len(os.sched_getaffinity(0))


def test_peers_left_out():
    area("figures", PROGRAMS)
    code, found = measured("figures", "--no-peers")
    assert code == 0 and not found["skipped"], found
    assert {line["contestant"] for line in found["lines"]} == {"us", "bare"}


def test_the_kit():
    area("kit", KIT)
    code, found = measured("kit")
    assert code == 0 and not found["void"] and not found["failed"], found
    lines = {(line["row"], line["value"]): line["median"] for line in found["lines"]}
    assert all(value > 0 for value in lines.values()) and len(lines) == 6, lines


def test_what_cannot_be():
    assert bench("nowhere")[0] == 2
    assert bench("--runs", "0")[0] == 2
    for wrong, told in ((PROGRAMS.replace('role = "peer"', 'role = "judge"', 1), "role"),
                        (PROGRAMS.replace('unit = "ns"\n[[', 'units = "ns"\n[['), "units"),
                        (PROGRAMS.replace('to = "them"', 'to = "those"'), "those"),
                        (PROGRAMS.replace('"programs"', '"duel"'), "load"),
                        (PROGRAMS.replace('command = ["no-such', 'cc = ["no-such'), "no-such"),
                        ("about = 3", "about")):
        area("wrong", wrong)
        code, _, error = bench("wrong", "--list")
        assert code == 2 and told in error, error
    (BENCH / "wrong/area.toml").unlink()


def test_an_interruption_ends_every_child():
    fifo = BENCH / "pids"
    os.mkfifo(fifo)
    area("stuck", PROGRAMS.replace('"printf", "a row 30 ns\\nbare: a row 10 ns\\n"',
                                   f'"sh", "-c", "{sys.executable} -c \\"$BODY\\" & wait"')
         .replace('within = "us"', 'command = ["true"]'))
    body = f"import os, time; open('{fifo}', 'w').write(str(os.getpid())); time.sleep(60)"
    there = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    process = subprocess.Popen([ROOT / "bench/run", "--no-build", "--bench", str(BENCH), "stuck"],
                               env=os.environ | {"BODY": body}, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    assert select.select([there], [], [], 60)[0], "the child did not start"
    pid = int(os.read(there, 20))
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    while pathlib.Path(f"/proc/{pid}/stat").exists() and \
            " Z " not in pathlib.Path(f"/proc/{pid}/stat").read_text():
        pass  # it is killed already; until the kernel has done it


def main():
    tests = [(name[5:].replace("_", " "), function) for name, function in globals().items()
             if name.startswith("test_")]
    print(f"1..{len(tests)}")
    bad = 0
    for number, (name, function) in enumerate(tests, 1):
        failure = ""
        try:
            function()
        except (AssertionError, OSError, KeyError, subprocess.TimeoutExpired) as error:
            failure = f"{type(error).__name__}: {error}"
            bad += 1
        print(f"{'not ok' if failure else 'ok'} {number} - {name}", flush=True)
        for line in failure.splitlines():
            print(f"# {line}")
    SCRATCH.cleanup()
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())
