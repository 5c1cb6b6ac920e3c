#!/usr/bin/env python3
"""run.py - ./run from outside, told in TAP: up, used, both programs killed, stopped.

usage: run.py ROOT BUILD
Ports are the kernel's choice. Nothing is judged by the clock: BOUND only ends what hangs.
"""
# SPDX-License-Identifier: MIT
import json
import os
import pathlib
import queue
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.request
import uuid

ROOT = pathlib.Path(sys.argv[1]).resolve()
BUILD = pathlib.Path(sys.argv[2]).resolve()
BOUND = 12  # seconds


class Run:
    """One ./run; its processes are known by a mark in their environment."""

    def __init__(self, *options, build=BUILD):
        self.mark = f"XIE_RUN_TEST={uuid.uuid4()}"
        env = dict(os.environ, XIE_BUILD=str(build), XIE_RUN_TEST=self.mark.split("=")[1])
        env.pop("XIE_BACKEND", None)
        self.process = subprocess.Popen([str(ROOT / "run"), *options], env=env, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        start_new_session=True)
        self.lines = queue.Queue()
        self.said = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def until(self, pattern):
        """Hear lines until one matches."""
        end = time.monotonic() + BOUND
        while True:
            line = self.lines.get(timeout=max(0.1, end - time.monotonic()))
            if line is None:
                raise AssertionError(f"ended without saying {pattern!r}")
            self.said.append(line)
            match = re.search(pattern, line)
            if match:
                return match

    def rest(self):
        """Wait for its end; its exit code."""
        code = self.process.wait(timeout=BOUND)
        while (line := self.lines.get(timeout=BOUND)) is not None:
            self.said.append(line)
        return code

    def pids(self, name=None):
        """The processes that came from this run and live, by name if given."""
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            try:
                if (entry.name.isdigit() and self.mark in (entry / "environ").read_text()
                        and name in (None, (entry / "comm").read_text().strip())):
                    found.append(int(entry.name))
            except OSError:
                pass  # it ended meanwhile
        return found

    def kill(self, name):
        pids = self.pids(name)
        assert len(pids) == 1, f"{name}: processes {pids}"
        os.kill(pids[0], signal.SIGKILL)
        return pids[0]

    def gone(self):
        """Wait until nothing is left of it."""
        end = time.monotonic() + BOUND
        while self.pids():
            assert time.monotonic() < end, f"left over: {self.pids()}"
            time.sleep(0.05)

    def close(self):
        for pid in self.pids():
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass


def ask(page, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://{page}{path}", data=data)
    request.add_header("Content-Type", "application/json")
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
            request, timeout=BOUND) as answer:
        return json.load(answer)


def whoami(page):
    """Say /whoami until the bot answers: around a restart a message may find nobody."""
    end = time.monotonic() + BOUND
    while time.monotonic() < end:
        try:
            said = ask(page, "/api/say", {"user_id": 10001, "group_id": 20001,
                                          "text": "/whoami"})["message_id"]
            for message in ask(page, f"/api/messages?after={said}&wait=3"):
                if message["user_id"] == 10000:
                    return message["text"]
        except OSError:
            time.sleep(0.2)
    raise AssertionError("no answer to /whoami")


def start(*options):
    run = Run("--page", "127.0.0.1:0", "--gateway", "127.0.0.1:0", *options)
    try:
        run.page = run.until(r"open http://([^/]+)/")[1]
        # Both are up when it says so: the first message finds the bot.
        assert "owner" in whoami(run.page)
    except BaseException:
        report(run)
        run.close()
        raise
    return run


def report(run):
    print("".join(f"# {line}" for line in run.said), end="")


def stopped_by(number):
    run = start()
    try:
        os.kill(run.process.pid, number)
        assert run.rest() == 0, f"exit code {run.process.returncode}"
        run.gone()
    finally:
        run.close()


def test_sigterm_ends_both_with_0():
    stopped_by(signal.SIGTERM)


def test_sigint_ends_both_with_0():
    stopped_by(signal.SIGINT)


def test_its_own_death_ends_both():
    run = start()
    try:
        os.kill(run.process.pid, signal.SIGKILL)
        run.process.wait(timeout=BOUND)
        run.gone()
    finally:
        run.close()


def survives(name, words):
    run = start()
    try:
        before = run.kill(name)
        run.until(rf"the {words} ended by SIGKILL; starting it again in 1 s")
        assert "owner" in whoami(run.page)
        after = run.pids(name)
        assert len(after) == 1 and after[0] != before, f"{name}: {before}, then {after}"
    finally:
        report(run)
        run.close()


def test_a_killed_gateway_comes_back_on_its_port():
    survives("xie-gateway", "gateway")


def test_a_killed_bot_comes_back():
    survives("xie-bot", "bot")


def test_a_token_reaches_both():
    start("--token", "s3cret token").close()


def test_a_port_in_use_is_named():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = "127.0.0.1:%d" % taken.getsockname()[1]
        for option in ("--page", "--gateway"):
            run = Run("--page", "127.0.0.1:0", "--gateway", "127.0.0.1:0", option, place)
            try:
                assert run.rest() == 1
                said = "".join(run.said)
                assert f"{place} is in use" in said and f"./run {option}" in said, said
                run.gone()
            finally:
                run.close()


def test_the_bot_alone():
    both = start()
    try:
        url = re.search(r"ws://[\d.:]+", "".join(both.said))[0]
        both.kill("xie-bot")
        alone = Run("--onebot", url)
        try:
            alone.until("the bot is connected to " + re.escape(url))
            assert not alone.pids("xie-gateway")
            os.kill(alone.process.pid, signal.SIGTERM)
            assert alone.rest() == 0
            alone.gone()
        finally:
            report(alone)
            alone.close()
    finally:
        both.close()


def test_a_line_that_comes_in_pieces_is_heard_whole():
    """Of a bot that is slow: longer than ./run waits for the rest of a line."""
    with tempfile.TemporaryDirectory() as folder:
        bot = pathlib.Path(folder, "apps/bot/xie-bot")
        bot.parent.mkdir(parents=True)
        bot.write_text("#!/bin/sh\nfor piece in 'info ' ' connected' ' to ws' '://x\n'; do\n"
                       'printf "$piece"; sleep 0.5; done; exec sleep 60\n')
        bot.chmod(0o755)
        run = Run("--onebot", "ws://127.0.0.1:1", build=folder)
        try:
            run.until("the bot is connected to ")
            assert "info  connected to ws://x\n" in run.said, run.said
        finally:
            report(run)
            run.close()


def test_the_bot_has_the_settings_of_a_file():
    with tempfile.TemporaryDirectory() as folder:
        settings = pathlib.Path(folder, "bot.yml")
        settings.write_text(f"plugin_folder: {BUILD}/examples/plugins\nstore: {folder}/bot.db\n")
        run = start("--config", str(settings))
        try:
            said = "".join(run.said)
            for name in ("announce", "checkin", "faq", "guard", "hook", "vote"):
                assert f"plugin {name} 1.0: loaded" in said, said
        finally:
            run.close()


def test_bad_options_are_code_2():
    for options in (["--no-such"], ["--page"], ["--page", "nowhere"], ["--gateway", ":x"],
                    ["--page=nowhere"], ["--config", "/no/such/file"]):
        assert Run(*options).rest() == 2, options
    run = Run("--help")
    assert run.rest() == 0 and "usage: ./run" in run.said[0]


def main():
    tests = [(name[5:], function) for name, function in globals().items()
             if name.startswith("test_")]
    bad = 0
    print(f"1..{len(tests)}", flush=True)
    for number, (name, function) in enumerate(tests, 1):
        try:
            function()
            failure = ""
        except Exception:  # a test's failure is whatever it raises
            failure = traceback.format_exc()
        print("".join(f"# {line}\n" for line in failure.splitlines()), end="")
        print(f"{'not ok' if failure else 'ok'} {number} - {name.replace('_', ' ')}", flush=True)
        bad += bool(failure)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
