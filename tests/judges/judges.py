#!/usr/bin/env python3
"""judges.py - bots of other frameworks on xie-gateway, told in TAP: it speaks OneBot as they know it.

usage: judges.py PROGRAM [NAME-PART]
The frameworks are in the folder that XIE_PEERS names; a judge that is not there is skipped.
What a judge does shows on the page's socket; the clock only ends what hangs.
"""
# SPDX-License-Identifier: MIT
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "apps"))
from simulated import Gateway, Skip, tell  # noqa: E402
from websocket import BOUND, WebSocket  # noqa: E402

TEA, WORKSHOP, BOT, OWNER, MEMBER, OTHER = 20001, 20002, 10000, 10001, 10003, 10004
FRIEND, STRANGER, GUEST = 10005, 99999, 10003
PEERS = os.environ.get("XIE_PEERS", "")
TOKEN = "T"


# --- what is needed --------------------------------------------------------------------------


def needs(*paths):
    for path in paths:
        if not PEERS or not os.path.exists(os.path.join(PEERS, path)):
            raise Skip(f"{path} is not here")


def needs_python(*modules):
    if sys.version_info < (3, 10):
        raise Skip("Python 3.10 or later is not here")
    needs(*(f"judges/{module}" for module in modules))


def needs_node(*packages):
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False) \
        if shutil.which("node") else None
    if not said or int(said.stdout.lstrip("v").split(".")[0]) < 20:
        raise Skip("node 20 or later is not here")
    needs(*(f"node_modules/{package}" for package in packages))


# --- a judge, and the room it is in ------------------------------------------------------------


@contextlib.contextmanager
def judge(*command, fds=()):
    """A bot of theirs, running; what it said is shown when a test fails."""
    environment = {**os.environ, "PYTHONPATH": os.path.join(PEERS, "judges"),
                   "PYTHONDONTWRITEBYTECODE": "1", "NODE_PATH": os.path.join(PEERS, "node_modules")}
    with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryDirectory() as folder:
        with subprocess.Popen(command, env=environment, cwd=folder, stdout=said, stderr=said,
                              stdin=subprocess.DEVNULL, pass_fds=fds) as process:
            try:
                yield process
            except BaseException:
                said.seek(0)
                for line in said.read().splitlines()[-40:]:
                    print("#", line)
                raise
            finally:
                process.kill()


class Page(WebSocket):
    """One that is given up at a time, however many pings and heartbeats keep it busy."""

    end = float("inf")

    def _frame(self):
        if time.monotonic() > self.end:
            raise TimeoutError("it did not happen")
        return super()._frame()


class Room:
    """What happens at a gateway, in order, as its page is told."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.page = Page(gateway.page, "/api/live")

    def until(self, fits):
        """The next frame that fits; others are passed over."""
        passed = []
        self.page.end = time.monotonic() + BOUND
        try:
            while not fits(frame := self.page.receive()):
                passed.append(frame)
            return frame
        except TimeoutError:
            for frame in passed[-12:]:
                print("#", str(frame)[:300])
            raise

    def heard(self, text):
        """Wait until the bot says this in the tea house."""
        return self.until(lambda frame: frame["kind"] == "message" and frame["user_id"] == BOT and
                          frame["group_id"] == TEA and frame["text"] == text)

    def called(self, action):
        """Wait for a call; its reply."""
        return self.until(lambda frame: frame["kind"] == "call" and
                          frame["action"] == action)["reply"]

    def notified(self, notice, user):
        return self.until(lambda frame: frame["kind"] == "event" and
                          frame["event"].get("notice_type") == notice and
                          frame["event"]["user_id"] == user)["event"]

    def act(self, who, action, **params):
        status, _, answer = self.gateway.ask("POST", "/api/act", {"user_id": who, "action": action,
                                                                  "params": params})
        assert status == 200, answer

    def post(self, path, **body):
        status, _, answer = self.gateway.ask("POST", path, body)
        assert status == 200, answer
        return answer

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.page.close()


# --- the trial ---------------------------------------------------------------------------------


def calls(room):
    """A member read, a list read, a call that fails."""
    for words, answer in (("/card", "card: 夜班老K"), ("/members", f"members: 6, owner {OWNER}"),
                          ("/wrong", "failed: 100")):
        room.gateway.say(MEMBER, TEA, words)
        room.heard(answer)


def deletion(room):
    """A message of its own that it takes back."""
    room.gateway.say(MEMBER, TEA, "/fleeting")
    said = room.heard("fleeting")
    gone = room.until(lambda frame: frame.get("message_id") == said["message_id"] and
                      frame.get("recalled", False))
    assert gone["user_id"] == BOT, gone


def segments(room):
    """What people send is understood, and what it sends."""
    first = room.gateway.say(OTHER, TEA, "to be answered")
    parts = [{"type": "reply", "data": {"id": str(first)}},
             {"type": "at", "data": {"qq": str(BOT)}},
             {"type": "face", "data": {"id": "14"}},
             {"type": "image", "data": {"file": "cat.png", "url": "http://127.0.0.1:9/cat.png"}},
             {"type": "text", "data": {"text": "/parts"}}]
    said = room.post("/api/say", user_id=MEMBER, group_id=TEA, message=parts)["message_id"]
    room.heard(f"saw: reply {first} at {BOT} face 14 image cat.png")
    back = room.until(lambda frame: frame["kind"] == "message" and frame["user_id"] == BOT)
    got = {one["type"]: one["data"] for one in back["segments"]}
    assert [one["type"] for one in back["segments"]] == ["reply", "at", "face", "image", "text"], back
    assert got["reply"]["id"] == str(said) and got["at"]["qq"] == str(MEMBER), got
    assert got["face"]["id"] == "66" and got["text"]["text"].strip() == "back", got
    assert got["image"]["file"] == "base64://iVBORw0KGgo=", got


def notices(room):
    room.act(OWNER, "set_group_ban", group_id=TEA, user_id=OTHER, duration=77)
    room.heard(f"muted: {OTHER} for 77")
    said = room.gateway.say(MEMBER, TEA, "never mind")
    room.post("/api/recall", user_id=MEMBER, message_id=said)
    room.heard(f"recalled: {said}")


def requests(room):
    room.act(FRIEND, "delete_friend")
    room.act(FRIEND, "add_friend", comment="please")
    room.notified("friend_add", FRIEND)
    room.act(GUEST, "join_group", group_id=WORKSHOP, comment="please")
    assert room.notified("group_increase", GUEST)["group_id"] == WORKSHOP


def trial(room):
    room.heard("here")
    for part in (calls, deletion, segments, notices, requests):
        part(room)


def restart(room):
    """Every connection ends, and is there again."""
    room.gateway.say(MEMBER, TEA, "/restart")
    room.heard("here")
    calls(room)


# --- forward WebSocket -------------------------------------------------------------------------


def state(name):
    return lambda frame: frame["kind"] == "bot" and frame["state"] == name


@contextlib.contextmanager
def forward(*command, options=()):
    """A room, and a function that starts the judge with a token."""
    with Gateway("--token", TOKEN, *options) as gateway, Room(gateway) as room:
        yield room, lambda token: judge(*command, token, f"ws://127.0.0.1:{gateway.onebot}")


def forward_trial(*command, returns=True):
    with forward(*command) as (room, start):
        with start("wrong"):
            room.until(state("refused"))
        with start(TOKEN):
            trial(room)
            if returns:
                restart(room)


def nonebot2():
    needs_python("nonebot", "websockets")
    forward_trial(sys.executable, os.path.join(HERE, "nonebot_bot.py"))


def koishi():
    needs_node("koishi", "koishi-plugin-adapter-onebot", "@koishijs/plugin-http")
    # Up to 6.9.4 its adapter marks the bot offline when a connection ends, with whatever code or
    # none, and gives up the attempt that its base had just planned.
    with open(os.path.join(PEERS, "node_modules/koishi-plugin-adapter-onebot/package.json"),
              encoding="utf-8") as file:
        version = [int(part) for part in json.load(file)["version"].split("-")[0].split(".")]
    forward_trial("node", os.path.join(HERE, "koishi_bot.js"), returns=version > [6, 9, 4])


def node_napcat_ts():
    needs_node("node-napcat-ts")
    forward_trial("node", os.path.join(HERE, "napcat_bot.mjs"))


def node_napcat_ts_refused_late():
    """It understands a refusal that comes as NapCat sends it."""
    needs_node("node-napcat-ts")
    with forward("node", os.path.join(HERE, "napcat_bot.mjs"),
                 options=["--auth-after-upgrade"]) as (room, start):
        with start("wrong") as process:
            room.until(state("refused"))
            assert process.wait(timeout=BOUND) == 3
        with start(TOKEN):
            room.heard("here")


# --- judges that listen ------------------------------------------------------------------------


@contextlib.contextmanager
def listening():
    """Listening already: whoever connects before the judge accepts waits."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.fileno(), f"127.0.0.1:{listener.getsockname()[1]}"


def reverse_trial(script, path):
    command = [sys.executable, os.path.join(HERE, script)]
    with listening() as (number, place):
        with judge(*command, "other", str(number), fds=[number]), \
                Gateway("--reverse", f"ws://{place}{path}", "--token", TOKEN) as gateway:
            assert "trying on" in gateway.process.stderr.readline()
    with listening() as (number, place):
        with Gateway("--reverse", f"ws://{place}{path}", "--token", TOKEN) as gateway, \
                Room(gateway) as room, judge(*command, TOKEN, str(number), fds=[number]):
            trial(room)
            restart(room)


def http_trial(script, path):
    command = [sys.executable, os.path.join(HERE, script)]
    with listening() as (number, place):
        with Gateway("--http", "127.0.0.1:0", "--post", f"http://{place}{path}",
                     "--token", TOKEN, "--secret", TOKEN) as gateway:
            root = gateway.process.stdout.readline().split()[1]
            with Room(gateway) as room, judge(*command, TOKEN, str(number), root, fds=[number]):
                trial(room)


def aiocqhttp_reverse():
    needs_python("aiocqhttp")
    reverse_trial("aiocqhttp_bot.py", "/ws/")


def aiocqhttp_http():
    needs_python("aiocqhttp")
    http_trial("aiocqhttp_bot.py", "/")


def nonebot2_reverse():
    needs_python("nonebot", "quart", "uvicorn", "httpx")
    reverse_trial("nonebot_bot.py", "/onebot/v11/ws")


def nonebot2_http():
    needs_python("nonebot", "quart", "uvicorn", "httpx")
    http_trial("nonebot_bot.py", "/onebot/v11/http")


tell([nonebot2, nonebot2_reverse, nonebot2_http, aiocqhttp_reverse, aiocqhttp_http, koishi,
      node_napcat_ts, node_napcat_ts_refused_late])
