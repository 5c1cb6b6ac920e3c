#!/usr/bin/env python3
"""xie.py - the tool xie, looking at a running xie-gateway, told in TAP.

usage: xie.py XIE XIE-GATEWAY
"""
# SPDX-License-Identifier: MIT
import glob
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import traceback

XIE, GATEWAY = (os.path.abspath(path) for path in sys.argv[1:3])
BOUND = 60  # seconds


def xie(*arguments, code=0):
    """Run the tool: what it printed, or what it complained of."""
    done = subprocess.run([XIE, *map(str, arguments)], text=True, timeout=BOUND, check=False,
                          capture_output=True)
    assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
    assert bool(done.stderr) == (code != 0), done.stderr
    return done.stderr if code else done.stdout


class Gateway:
    def __enter__(self):
        self.process = subprocess.Popen(
            [GATEWAY, "--onebot", "127.0.0.1:0", "--page", "127.0.0.1:0"], text=True,
            env={**os.environ, "XIE_BACKEND": "epoll"}, stdout=subprocess.PIPE)
        self.process.stdout.readline()
        self.process.stdout.readline()
        return self.process.pid

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.stdout.close()
        assert self.process.wait(BOUND) == 0  # being looked at did it no harm


def settled(pid):
    """What ps prints once every task waits."""
    while True:
        lines = xie("ps", pid).splitlines()
        if not any(line.endswith(("ready", "runs")) for line in lines) and len(lines) > 2:
            return lines


def test_ps_lists_the_tasks():
    with Gateway() as pid:
        lines = settled(pid)
    assert re.fullmatch(r"loop 1 on epoll, \d+ tasks", lines[0]), lines
    assert int(lines[0].split()[4]) == len(lines) - 1, lines
    assert re.fullmatch(r" +1  main \(xie_run\)  xie_signals_wait", lines[1]), lines
    assert any(re.fullmatch(r" +\d+  page_task \(\S*main\.c:\d+\)  xie_\w*accept\w*", line)
               for line in lines), lines


def test_pstree_puts_members_below_who_opened_their_group():
    with Gateway() as pid:
        settled(pid)
        lines = xie("pstree", pid).splitlines()
    depth = {re.search(r"\d  (\w+)", line)[1]: len(line) - len(line.lstrip()) for line in lines[1:]}
    assert depth["page_task"] == depth["onebot_task"] == depth["main"] + 4, lines


def test_stack_shows_the_calls_of_each():
    with Gateway() as pid:
        settled(pid)
        text = xie("stack", pid)
    if "fallback switch" in text:
        return
    page = text[text.index("page_task"):]
    calls = re.findall(r"^        (\w+)", page[:re.search(r"^ +\d+  ", page, re.M).start()], re.M)
    assert "page_serve" in calls or "page_task" in calls, text
    assert "xie_switch_start" not in calls, text


def test_what_cannot_be_read_is_told():
    assert "no xie in it" in xie("ps", os.getpid(), code=1)
    child = subprocess.Popen(["true"])
    child.wait()
    assert "no such process" in xie("ps", child.pid, code=1)
    assert "No such file" in xie("ps", "/no/such/core", code=1)
    assert "not a core file" in xie("ps", GATEWAY, code=1)


def test_a_core_file_shows_the_same():
    """Where the kernel writes one: core_pattern may lead elsewhere."""
    most = resource.getrlimit(resource.RLIMIT_CORE)[1]
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [GATEWAY, "--onebot", "127.0.0.1:0", "--page", "127.0.0.1:0"], cwd=folder,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (most, most)))
        process.stdout.readline()
        settled(process.pid)
        alive = [xie(command, process.pid) for command in ("ps", "pstree", "stack")]
        process.send_signal(signal.SIGABRT)
        process.communicate(timeout=BOUND)
        cores = glob.glob(folder + "/core*")
        if not cores:
            return
        assert [xie(command, cores[0], GATEWAY) for command in ("ps", "pstree", "stack")] == alive
        with open(cores[0], "r+b") as file:
            file.truncate(os.path.getsize(cores[0]) // 3)
        xie("ps", cores[0], GATEWAY, code=1)


def test_wrong_usage_is_code_2():
    for arguments in ([], ["ps"], ["ps", "1", "2"], ["ps", "core", "program", "more"],
                      ["top", "1"], ["--help", "ps"]):
        assert "see --help" in xie(*arguments, code=2), arguments


def test_help_and_version():
    assert xie("--help").startswith("usage: xie ps PID")
    assert re.fullmatch(r"xie \d+\.\d+\.\d+\n", xie("--version"))
    with open("/dev/full", "w", encoding="utf-8") as full:
        assert subprocess.run([XIE, "--help"], stdout=full, check=False).returncode == 1


def main():
    tests = [(name[5:], function) for name, function in globals().items()
             if name.startswith("test_")]
    bad = 0
    print(f"1..{len(tests)}", flush=True)
    for number, (name, function) in enumerate(tests, 1):
        try:
            function()
        except Exception:
            bad += 1
            print("".join(f"# {line}\n" for line in traceback.format_exc().splitlines()), end="")
            print(f"not ok {number} - {name.replace('_', ' ')}", flush=True)
        else:
            print(f"ok {number} - {name.replace('_', ' ')}", flush=True)
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
