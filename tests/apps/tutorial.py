#!/usr/bin/env python3
"""tutorial.py - the steps of docs/tutorial.md, run against a simulated QQ; told in TAP.

usage: tutorial.py XIE-GATEWAY FOLDER-OF-STEPS ROOT [NAME-PART]
What the bots say, on the page and in the log, is what both languages' pages show. Nothing is judged
by the clock: bounds only end what hangs, and one step is waited for until its half minute is over.
"""
# SPDX-License-Identifier: MIT
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

STEPS, ROOT = (pathlib.Path(path).resolve() for path in sys.argv[2:4])
del sys.argv[2:4]
sys.dont_write_bytecode = True
from simulated import Gateway, tell  # noqa: E402
from websocket import BOUND, WebSocket  # noqa: E402

PAGES = [(ROOT / "docs" / name).read_text(encoding="utf-8")
         for name in ("tutorial.md", "tutorial.zh.md")]
SETTINGS = (ROOT / "examples/tutorial/bot.yml").read_text(encoding="utf-8")
BOT, WAN, MIRA, TEA = 10000, 10001, 10002, 20001


def shown(text):
    """Both pages show these lines."""
    for page in PAGES:
        for line in text.splitlines():
            assert line in page, (line, page.splitlines()[0])
    return text


class Step:
    """A step's bot; leaving the block ends it by SIGTERM, with code 0, or by another way."""

    way = signal.SIGTERM

    def __init__(self, number, *arguments, folder=None, **environment):
        self.process = subprocess.Popen(
            [STEPS / f"step{number}", *arguments], text=True, stderr=subprocess.PIPE,
            cwd=folder, env={**os.environ, **environment})

    def until(self, pattern):
        """Read its log until a line matches: that line, without the time."""
        for line in self.process.stderr:
            print("#", line, end="")
            if re.search(pattern, line):
                return re.sub(r"^[-\d]+ [:.\d]+ ", "", line).strip()
        raise AssertionError(f"ended without saying {pattern!r}")

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        said = self.process.communicate(timeout=BOUND)[1]
        assert "Sanitizer" not in said and "runtime error" not in said, said
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        code = self.end(signal.SIGKILL if kind else self.way)
        assert kind or code == (-self.way if self.way == signal.SIGKILL else 0), code


def joined(gateway):
    """Until the simulated QQ has its bot. What it tells between hello and ready is past."""
    with WebSocket(gateway.page, "/api/live") as page:
        hello = page.receive()
        assert hello["kind"] == "hello", hello
        while not hello["bots"] and page.receive()["kind"] != "ready":
            pass
        while not hello["bots"] and page.receive().get("state") != "connected":
            pass


def heard(gateway, after, group=TEA):
    """The bot's next message in the group after that one."""
    for _ in range(10):
        for message in gateway.messages(f"after={after}&wait=20&group_id={group}"):
            if message["user_id"] == BOT:
                return message
            after = message["message_id"]
    raise AssertionError("the bot says nothing")


def asked(gateway, user, text, answer):
    """Somebody writes to the group; the bot answers this, and the pages show both."""
    shown(text)
    said = gateway.say(user, TEA, text)
    got = heard(gateway, said)["text"]
    assert got == shown(answer), got


def simulated_step(number):
    """Decorates a test of a step: it gets a gateway and the step's bot, joined."""
    def decorate(test):
        def run_it():
            with Gateway() as gateway, Step(number, f"ws://127.0.0.1:{gateway.onebot}") as bot:
                joined(gateway)
                test(gateway, bot)
        run_it.__name__ = test.__name__
        return run_it
    return decorate


def log_line(line, port):
    """As the pages have it, who use the usual port."""
    return shown(line.replace(f":{port}", ":6700"))


@simulated_step(1)
def a_handler_replies(gateway, bot):
    log_line(bot.until(" connected to "), gateway.onebot)
    asked(gateway, WAN, "/hello", "Hello, 掌柜·晚!")
    asked(gateway, WAN, "/help", "/hello - says hello\n/help - this list")
    said = gateway.say(MIRA, None, "/你好")  # in private too
    assert gateway.messages(f"after={said}&wait=20&with={MIRA}")[0]["text"] == "Hello, Mira!"


@simulated_step(1)
def a_handler_that_fails_is_named(gateway, bot):
    """A muted bot cannot reply: the log says who, where and why."""
    status, _, answer = gateway.ask("POST", "/api/act", {
        "user_id": WAN, "action": "set_group_ban",
        "params": {"group_id": TEA, "user_id": BOT, "duration": 600}})
    assert status == 200, answer
    gateway.say(WAN, TEA, "/hello")
    log_line(bot.until("handler "), gateway.onebot)
    said = gateway.say(MIRA, None, "/hello")  # it goes on
    assert gateway.messages(f"after={said}&wait=20&with={MIRA}")[0]["text"] == "Hello, Mira!"


def a_wrong_token_is_told():
    for after in ([], ["--auth-after-upgrade"]):
        with Gateway("--token", "right", *after) as gateway, \
                Step(1, f"ws://127.0.0.1:{gateway.onebot}", XIE_TOKEN="wrong") as bot:
            log_line(bot.until("the token was refused"), gateway.onebot)
            log_line(bot.until("next try in"), gateway.onebot)
    with Gateway("--token", "right") as gateway, \
            Step(1, f"ws://127.0.0.1:{gateway.onebot}", XIE_TOKEN="right") as bot:
        joined(gateway)
        asked(gateway, WAN, "/hello", "Hello, 掌柜·晚!")


def nobody_there_is_tried_again():
    with socket.socket() as deaf:  # a port that nobody else gets, and nobody listens on
        deaf.bind(("127.0.0.1", 0))
        port = deaf.getsockname()[1]
        with Step(1, f"ws://127.0.0.1:{port}") as bot:
            log_line(bot.until("cannot connect"), port)
            bot.until(r"next try in \d")
    bot = Step(1, "127.0.0.1:6700")
    said = bot.process.communicate(timeout=BOUND)[1]
    assert bot.process.returncode == 1 and "step1: " in said, said


@simulated_step(2)
def a_call_and_its_value(gateway, _):
    asked(gateway, WAN, "/who 10002", "That is Mira, 31 years old.")
    asked(gateway, WAN, "/who 12345", "I cannot tell: there is no user 12345")
    asked(gateway, WAN, "/who", "Missing: person, a person: @ or a number\nUsage: /who <person>")
    status, _, said = gateway.ask("POST", "/api/say", {"user_id": WAN, "group_id": TEA, "message": [
        {"type": "text", "data": {"text": "/who "}}, {"type": "at", "data": {"qq": str(MIRA)}}]})
    assert status == 200, said
    assert heard(gateway, said["message_id"])["text"] == "That is Mira, 31 years old."


@simulated_step(3)
def a_conversation_holds_up_nobody(gateway, _):
    asked(gateway, WAN, "/habit", "What do you want to do each day?")
    asked(gateway, MIRA, "/help", "/habit - choose a habit\n/help - this list")  # meanwhile
    asked(gateway, WAN, "read", "\"read\" - are you sure?")
    asked(gateway, WAN, "perhaps", "\"perhaps\" is not yes or no.")
    asked(gateway, WAN, "yes", "\"read\" it is.")
    asked(gateway, WAN, "/habit", "What do you want to do each day?")
    asked(gateway, WAN, "read", "\"read\" - are you sure?")
    asked(gateway, WAN, "no", "Never mind.")


@simulated_step(3)
def a_question_ends_with_its_time(gateway, _):
    asked(gateway, WAN, "/habit", "What do you want to do each day?")
    last = gateway.messages("wait=0")[-1]["message_id"]
    assert heard(gateway, last)["text"] == shown("Come back when you know.")


def memory_outlives_the_process():
    with tempfile.TemporaryDirectory() as folder:
        for day, way in ((1, signal.SIGKILL), (2, signal.SIGTERM)):
            with Gateway() as gateway:
                with Step(4, f"ws://127.0.0.1:{gateway.onebot}", folder=folder) as bot:
                    bot.way = way
                    joined(gateway)
                    if way == signal.SIGKILL:
                        asked(gateway, WAN, "/done", "You have none: say /habit first.")
                        asked(gateway, WAN, "/habit", "What do you want to do each day?")
                        asked(gateway, WAN, "read", "\"read\" it is. Say /done each day.")
                    asked(gateway, WAN, "/done", f"\"read\": day {day}.")
            assert os.path.exists(folder + "/habit.db")


@simulated_step(5)
def the_clock_speaks(gateway, _):
    first = heard(gateway, 0)
    assert first["text"] == shown("Have you done it today?")
    assert heard(gateway, first["message_id"])["text"] == first["text"]


def settings(folder, port, old="", new="", more=""):
    """The tutorial's file, for this port, with something else in it: its path."""
    path = pathlib.Path(folder) / "bot.yml"
    text = SETTINGS.replace(":6700", f":{port}")
    assert f":{port}" in text and old in text
    path.write_text(text.replace(old, new) + more, encoding="utf-8")
    return path


def the_whole_bot():
    with tempfile.TemporaryDirectory() as folder, Gateway() as gateway, \
            Step(6, settings(folder, gateway.onebot), folder=folder):
        assert heard(gateway, 0)["text"] == "Have you done it today?"
    with tempfile.TemporaryDirectory() as folder, Gateway("--token", "right") as gateway:
        path = settings(folder, gateway.onebot, "*/5 * * * * *", "0 21 1 1 *")  # not today
        path.write_text(path.read_text(encoding="utf-8").replace("#   token", "    token"),
                        encoding="utf-8")
        assert shown("    token: $XIE_TOKEN") in path.read_text(encoding="utf-8")
        with Step(6, folder=folder, XIE_TOKEN="right"):  # it takes the folder's bot.yml
            joined(gateway)
            asked(gateway, WAN, "/habit", "What do you want to do each day?")
            asked(gateway, WAN, "read", "\"read\" it is. Say /done each day.")
            asked(gateway, WAN, "/done", "\"read\": day 1.")


def until_written(bot, path, text):
    """Until the running bot's file has this text in it."""
    while not path.exists() or text not in path.read_text(encoding="utf-8"):
        assert bot.process.poll() is None
        time.sleep(0.01)


def sighup_opens_the_log_again():
    with tempfile.TemporaryDirectory() as folder, Gateway() as gateway:
        more = "log:\n  file: bot.log\n"
        log, moved = (pathlib.Path(folder) / name for name in ("bot.log", "bot.log.1"))
        path = settings(folder, gateway.onebot, "*/5 * * * * *", "0 21 1 1 *", more)
        with Step(6, path, folder=folder) as bot:
            joined(gateway)
            until_written(bot, log, "connected to")
            log.rename(moved)
            bot.process.send_signal(signal.SIGHUP)
            until_written(bot, log, "read again")
            settings(folder, gateway.onebot, "cron:", "corn:", "logg:\n" + more)
            bot.process.send_signal(signal.SIGHUP)
            until_written(bot, log, "the old settings stay")
            assert "bot.yml:10: logg: unknown key" in log.read_text(encoding="utf-8")
            assert "connected to" not in log.read_text(encoding="utf-8")
        assert "connected to" in moved.read_text(encoding="utf-8")


def wrong_settings_are_told_by_their_line():
    for old, new, said in (
            ("endpoints", "endpoint",
             "bot.yml:2: endpoint: unknown key; did you mean \"endpoints\"?"),
            ("cron:", "corn:", "bot.yml:8: plugins.habit.corn: unknown key; "
                               "did you mean \"cron\"?"),
            ("*/5 * * * * *", "0 25 * * *", "hour"),
            ("Asia/Shanghai", "Asia/Nowhere", "Asia/Nowhere")):
        with tempfile.TemporaryDirectory() as folder, Gateway() as gateway:
            settings(folder, gateway.onebot, old, new)
            bot = Step(6, "bot.yml", folder=folder)
            text = bot.process.communicate(timeout=BOUND)[1]
            assert bot.process.returncode == 1 and said in text, text
            assert "refused, for reasons" not in text, text  # the words of XIE_EFAILED, told twice
            if said.startswith("bot.yml:8"):
                shown(said)


tell([a_handler_replies, a_handler_that_fails_is_named, a_wrong_token_is_told,
      nobody_there_is_tried_again, a_call_and_its_value, a_conversation_holds_up_nobody,
      a_question_ends_with_its_time, memory_outlives_the_process, the_clock_speaks, the_whole_bot,
      sighup_opens_the_log_again, wrong_settings_are_told_by_their_line])
