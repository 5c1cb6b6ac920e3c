#!/usr/bin/env python3
"""gateway_faults.py - what xie-gateway does wrong when asked to, told in TAP.

usage: gateway_faults.py PROGRAM [NAME-PART]
"""
# SPDX-License-Identifier: MIT
import sys

sys.dont_write_bytecode = True
from simulated import Gateway, call, data, event, tell  # noqa: E402
from websocket import Closed  # noqa: E402

NONE = {"delay_ms": 0, "drop": 0, "disconnect": 0, "reorder": 0, "refuse": 0, "risk": 0,
        "retcode": 0, "action": "", "string_ids": False, "missing_echo": False, "empty_echo": False,
        "duplicate_events": False, "deaf": False}


def faults(gateway, **wanted):
    status, _, answer = gateway.ask("POST", "/api/faults", wanted)
    assert status == 200 and answer == {**NONE, **wanted}, (status, answer)


def ask(bot, *names):
    for name in names:
        bot.send({"action": name, "echo": name})


def set_as_a_whole():
    with Gateway() as gateway:
        assert gateway.ask("GET", "/api/faults")[2] == NONE
        faults(gateway, drop=2, action="get_status")
        faults(gateway, deaf=True)
        assert gateway.ask("GET", "/api/faults")[2] == {**NONE, "deaf": True}
        for wrong in ({"drop": "x"}, {"drop": -2}, {"delay_ms": 600001}, {"reorder": 101}, {"no": 1},
                      {"action": "a" * 64}, {"retcode": 1}, {"refuse": 1, "retcode": "1"}, {"deaf": 2}, [], "x"):
            status, _, answer = gateway.ask("POST", "/api/faults", wrong)
            assert status == 400 and answer["error"], (wrong, status, answer)
        assert gateway.ask("GET", "/api/faults")[2] == {**NONE, "deaf": True}  # as before
        faults(gateway)


def dropped_replies():
    with Gateway() as gateway, gateway.bot("/api") as bot:
        faults(gateway, drop=1, action="get_status")
        ask(bot, "get_login_info", "get_status", "get_status")
        assert bot.receive()["echo"] == "get_login_info"
        assert bot.receive()["echo"] == "get_status"  # the second one
        faults(gateway, drop=-1)
        said = gateway.messages("wait=0")
        bot.send({"action": "send_msg", "params": {"user_id": 10001, "message": "done, though"}})
        assert gateway.messages("wait=30")[0]["text"] == "done, though" and said == []
        faults(gateway)
        assert data(bot, "get_status")["good"]  # no reply came before it


def cut_in_the_middle():
    with Gateway() as gateway:
        with gateway.bot("/api") as bot:
            faults(gateway, disconnect=1)
            bot.send({"action": "send_msg", "params": {"user_id": 10001, "message": "last"}})
            try:
                raise AssertionError(bot.receive())
            except (Closed, OSError) as end:
                assert getattr(end, "code", None) in (None, 1006), end.code
        assert gateway.messages("wait=30")[0]["text"] == "last"
        with gateway.bot("/api") as bot:
            assert data(bot, "get_status")["good"]


def delays_and_order():
    with Gateway() as gateway, gateway.bot("/api") as bot:
        names = ["get_status", "get_login_info", "get_version_info"]
        faults(gateway, reorder=3)
        ask(bot, *names)
        assert [bot.receive()["echo"] for _ in names] == names[::-1]
        ask(bot, *names[:2])  # the third never comes
        assert [bot.receive()["echo"] for _ in names[:2]] == names[1::-1]
        ask(bot, names[0])  # held when it ends
        faults(gateway)
        assert data(bot, "get_status")["good"]
    with Gateway() as gateway, gateway.bot("/api") as bot:
        faults(gateway, delay_ms=5)
        ask(bot, *names * 500)  # more than may wait at once
        assert sorted(bot.receive()["echo"] for _ in names * 500) == sorted(names * 500)
        faults(gateway, delay_ms=600000)
        ask(bot, *names)  # and the connection ends meanwhile


def refusals():
    with Gateway() as gateway, gateway.bot("/api") as bot:
        faults(gateway, refuse=1, retcode=1200, action="send_msg")
        assert data(bot, "get_status")["good"]
        reply = call(bot, "send_msg", user_id=10001, message="x")
        assert (reply["status"], reply["retcode"]) == ("failed", 1200), reply
        assert gateway.messages("wait=0") == []
        data(bot, "send_msg", user_id=10001, message="x")
        faults(gateway, refuse=-1)
        assert call(bot, "get_status")["retcode"] == call(bot, "get_msg")["retcode"] == 100


def risk_control():
    with Gateway() as gateway, gateway.bot("/api") as bot:
        faults(gateway, risk=1)
        reply = call(bot, "send_private_msg", user_id=10001, message="was it sent?")
        assert reply["status"] == "failed" and "risk control" in reply["wording"], reply
        assert [one["text"] for one in gateway.messages("wait=0")] == ["was it sent?"]
        data(bot, "send_private_msg", user_id=10001, message="this one")


def shapes():
    with Gateway() as gateway, gateway.bot() as bot:
        faults(gateway, string_ids=True)
        assert data(bot, "get_login_info")["user_id"] == "10000"
        assert data(bot, "get_group_list")[0]["group_id"] == "20001"
        gateway.say(10003, 20001, "hi")
        got = event(bot, "message")
        assert got["user_id"] == got["sender"]["user_id"] == "10003" and got["time"] > 0, got
        assert isinstance(got["message_id"], str) and got["self_id"] == "10000", got
        faults(gateway, empty_echo=True)
        bot.send({"action": "get_status", "echo": {"x": 1}})
        assert bot.receive()["echo"] == ""
        bot.send({"action": "no_such"})
        assert bot.receive()["echo"] == ""
        faults(gateway, missing_echo=True, empty_echo=True)
        bot.send({"action": "get_status", "echo": 1})
        assert "echo" not in bot.receive()
        faults(gateway, missing_echo=True)
        bot.send({"action": "get_status", "echo": 7})
        assert "echo" not in bot.receive()


def events_twice_or_never():
    with Gateway() as gateway, gateway.bot() as bot:
        faults(gateway, duplicate_events=True)
        gateway.say(10003, 20001, "twice")
        assert event(bot, "message") == event(bot, "message")
        faults(gateway, deaf=True)
        gateway.say(10003, 20001, "never")
        faults(gateway)
        gateway.say(10003, 20001, "once")
        assert event(bot, "message")["raw_message"] == "once"


def farewells_hear_nothing():
    """A bot that does not answer the close frame gets no events meanwhile, however many."""
    with Gateway() as gateway, gateway.bot() as silent, gateway.bot() as other:
        event(silent, "meta_event")
        event(other, "meta_event")
        faults(gateway, duplicate_events=True)
        assert call(other, "set_restart")["status"] == "async"
        try:
            while True:
                other.receive()
        except Closed as closed:
            assert closed.code == 1001, closed.code
        # A byte here is six of an event, and each comes twice: more than may wait for a bot.
        image = [{"type": "image", "data": {"file": "&" * 500_000}}]
        for _ in range(8):
            status, _, _ = gateway.ask("POST", "/api/say", {"user_id": 10003, "message": image})
            assert status == 200
        code, said = gateway.stop()
        assert code == 0 and "too slowly" not in said, said
        gateway.process.kill()


tell([set_as_a_whole, dropped_replies, cut_in_the_middle, delays_and_order, refusals, risk_control,
      shapes, events_twice_or_never, farewells_hear_nothing])
