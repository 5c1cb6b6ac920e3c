#!/usr/bin/env python3
"""simulated.py - a running xie-gateway for tests: started, asked, ended; and how they are told in TAP.

Ports are the kernel's choice. Nothing is judged by the clock: bounds only end what hangs.
"""
# SPDX-License-Identifier: MIT
import http.client
import json
import os
import signal
import subprocess
import sys
import traceback

sys.dont_write_bytecode = True
from websocket import BOUND, WebSocket  # noqa: E402

PROGRAM = os.path.abspath(sys.argv[1])
HERE = "127.0.0.1:0"


class Skip(Exception):
    """What a test needs is not here."""


class Gateway:
    """A running xie-gateway on ports of the kernel's choice."""

    def __init__(self, *options, onebot=HERE, env=()):
        environment = {**os.environ, **dict(env)}
        self.process = subprocess.Popen(
            [PROGRAM, "--onebot", onebot, "--page", HERE, *options], text=True, env=environment,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.lines = [self.process.stdout.readline(), self.process.stdout.readline()]
        self.onebot = int(self.lines[0].split()[1].rsplit(":", 1)[1])
        self.page = int(self.lines[1].rsplit(":", 1)[1].strip("/\n"))

    def bot(self, path="/", *fields, **more):
        return WebSocket(self.onebot, path, fields, **more)

    def ask(self, method, path, body=None, fields=None, port=None):
        """An HTTP request; the status, the fields and the body (read as JSON when it is)."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self.page, timeout=BOUND)
        try:
            data = body if isinstance(body, (str, bytes, type(None))) else json.dumps(body)
            connection.request(method, path, data.encode() if isinstance(data, str) else data,
                               fields or {})
            answer = connection.getresponse()
            data = answer.read()
            kind = answer.getheader("Content-Type", "")
            return answer.status, answer.headers, json.loads(data) if "json" in kind and data else data
        finally:
            connection.close()

    def say(self, user, group, text):
        body = {"user_id": user, "text": text, **({"group_id": group} if group else {})}
        status, _, answer = self.ask("POST", "/api/say", body)
        assert status == 200, (status, answer)
        return answer["message_id"]

    def messages(self, query):
        status, _, answer = self.ask("GET", "/api/messages?" + query)
        assert status == 200, (status, answer)
        return answer

    def stop(self, number=signal.SIGTERM):
        """End it by a signal: its code and what it said on stderr."""
        self.process.send_signal(number)
        try:
            _, said = self.process.communicate(timeout=BOUND)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        return self.process.returncode, said

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        code, said = self.stop()
        if kind is None:
            assert code == 0, (code, said)
            for word in ("Sanitizer", "runtime error", "failed:"):
                assert word not in said, said


def call(bot, action, echo="e", **params):
    """Call and wait for the reply, passing over events, or keeping them (bot.kept) for event()."""
    bot.send({"action": action, "params": params, "echo": echo})
    while "post_type" in (reply := bot.receive()):
        if bot.kept is not None:
            bot.kept.append(reply)
    assert reply.pop("echo") == echo, reply
    return reply


def data(bot, action, **params):
    reply = call(bot, action, **params)
    assert reply["status"] == "ok" and reply["retcode"] == 0, reply
    return reply["data"]


def next_of(bot):
    """What has been kept first, then what comes."""
    return bot.kept.pop(0) if bot.kept else bot.receive()


def event(bot, post_type):
    """The next event of a kind; heartbeats alone are no sign of it."""
    beats = 0
    while (got := next_of(bot)).get("post_type") != post_type:
        beats += got.get("meta_event_type") == "heartbeat"
        assert beats < 3, f"no {post_type} came"
    return got


def run(*options, env=()):
    return subprocess.run([PROGRAM, *options], text=True, errors="replace", capture_output=True, timeout=BOUND,
                          env={**os.environ, **dict(env)})


def tell(tests):
    """Run them, or those that the second argument is a part of the name of."""
    os.environ.pop("XIE_TOKEN", None)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup would be inherited
    wanted = [test for test in tests if len(sys.argv) < 3 or sys.argv[2] in test.__name__]
    print(f"1..{len(wanted)}", flush=True)
    good = True
    for number, test in enumerate(wanted, 1):
        try:
            test()
            print(f"ok {number} - {test.__name__}", flush=True)
        except Skip as why:
            print(f"ok {number} - {test.__name__} # SKIP {why}", flush=True)
        except Exception:  # pylint: disable=broad-except
            good = False
            for line in traceback.format_exc().splitlines():
                print("#", line)
            print(f"not ok {number} - {test.__name__}", flush=True)
    sys.exit(0 if good else 1)
