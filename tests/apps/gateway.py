#!/usr/bin/env python3
"""gateway.py - xie-gateway from outside, told in TAP: options, bots, the page's calls.

usage: gateway.py PROGRAM [NAME-PART]
Ports are the kernel's choice. Nothing is judged by the clock: bounds only end what hangs.
"""
# SPDX-License-Identifier: MIT
import json
import os
import signal
import socket
import sys
import threading
import time

sys.dont_write_bytecode = True
from simulated import HERE, Gateway, call, data, event, run, tell  # noqa: E402
from websocket import BOUND, Closed, Refused, WebSocket, read_head  # noqa: E402


# --- the command line -----------------------------------------------------------------


def addresses_are_printed():
    with Gateway() as gateway:
        assert gateway.lines[0] == f"onebot ws://127.0.0.1:{gateway.onebot}\n", gateway.lines
        assert gateway.lines[1] == f"page http://127.0.0.1:{gateway.page}/\n", gateway.lines
        assert gateway.onebot > 0 and gateway.page > 0


def signals_end_it():
    for number in (signal.SIGTERM, signal.SIGINT):
        code, said = Gateway().stop(number)
        assert code == 0 and said == "", (code, said)


def signal_says_goodbye():
    gateway = Gateway()
    with gateway.bot() as bot, WebSocket(gateway.page, "/api/live") as page:
        event(bot, "meta_event")
        while page.receive()["kind"] != "ready":
            pass
        gateway.process.terminate()
        for peer in (bot, page):
            try:
                while True:
                    peer.receive()
            except Closed as closed:
                assert closed.code == 1001, closed.code
    assert gateway.stop()[0] == 0


def signal_does_not_wait_for_waiters():
    gateway = Gateway()
    with socket.create_connection(("127.0.0.1", gateway.page), BOUND) as waiter:
        waiter.sendall(b"GET /api/messages?wait=300 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        gateway.messages("wait=0")  # the other was accepted first
        assert gateway.stop()[0] == 0


def port_in_use():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        for option, other in (("--onebot", "--page"), ("--page", "--onebot")):
            ended = run(option, place, other, HERE)
            assert ended.returncode == 1 and ended.stdout == "", ended
            assert f"{option} {place}: " in ended.stderr and ended.stderr.count("\n") == 1, ended
            assert "in use" in ended.stderr, ended


def wrong_options():
    for options in (["--nonsense"], ["--onebot"], ["stray"], ["--page", "nowhere"],
                    ["--onebot", "127.0.0.1:99999"], ["--onebot", "127.0.0.1:"]):
        ended = run(*options)
        assert ended.returncode == 2 and ended.stdout == "", (options, ended)
        assert "xie-gateway" in ended.stderr and "--help" in ended.stderr, (options, ended)


def help_and_version():
    shown = run("--help")
    assert shown.returncode == 0 and shown.stderr == ""
    for word in ("--onebot", "--page", "--token", "--auth-after-upgrade", "XIE_TOKEN"):
        assert word in shown.stdout, word
    shown = run("--version")
    assert shown.returncode == 0 and shown.stdout.startswith("xie-gateway "), shown


# --- tokens -----------------------------------------------------------------------------


def refused(gateway, status, path="/", *fields):
    try:
        gateway.bot(path, *fields).close()
    except Refused as no:
        assert no.status == status, (no.status, path, fields)
        return json.loads(no.body)
    raise AssertionError(f"accepted {path} {fields}")


def token_before_the_upgrade():
    with Gateway("--token", "sec ret") as gateway:
        assert refused(gateway, 401)["retcode"] == 1401
        refused(gateway, 401, "/", "Authorization: Bearer ")
        refused(gateway, 401, "/", "Authorization: Basic x")
        assert refused(gateway, 403, "/", "Authorization: Bearer wrong")["retcode"] == 1403
        refused(gateway, 403, "/event", "Authorization: Bearer sec retx")
        refused(gateway, 403, "/api?access_token=sec")
        for path, fields in (("/", ["Authorization: Bearer sec ret"]),
                             ("/", ["authorization: token sec ret"]),
                             ("/?access_token=sec%20ret", [])):
            with gateway.bot(path, *fields) as bot:
                data(bot, "get_status")


def token_from_the_environment():
    with Gateway(env={"XIE_TOKEN": "secret"}) as gateway:
        refused(gateway, 401)
        gateway.bot("/", "Authorization: Bearer secret").close()
    with Gateway("--token", "other", env={"XIE_TOKEN": "secret"}) as gateway:
        refused(gateway, 403, "/", "Authorization: Bearer secret")
    with Gateway("--token", "") as gateway:  # an empty one asks for nothing
        gateway.bot().close()


def token_after_the_upgrade():
    with Gateway("--token", "secret", "--auth-after-upgrade") as gateway:
        with gateway.bot("/", "Authorization: Bearer wrong") as bot:
            reply = bot.receive()
            assert reply["status"] == "failed" and reply["retcode"] == 1403, reply
            assert "post_type" not in reply
            try:
                bot.receive()
                raise AssertionError("not closed")
            except Closed as closed:
                assert closed.code == 1008, closed.code
        with gateway.bot("/", "Authorization: Bearer secret") as bot:
            data(bot, "get_status")


def websites_may_not_connect():
    with Gateway() as gateway:
        refused(gateway, 403, "/", "Origin: https://evil.example")
        gateway.bot("/", "Origin: http://localhost").close()
        gateway.bot("/", "Origin: http://localhost", "Sec-Fetch-Site: same-site").close()
        for site in ("cross-site", "same-site"):
            refused(gateway, 403, "/", f"Sec-Fetch-Site: {site}")
        for site in ("same-origin", "none"):
            gateway.bot("/", f"Sec-Fetch-Site: {site}").close()
    with Gateway("--token", "t") as gateway:  # who knows the token may come from anywhere
        gateway.bot("/?access_token=t", "Origin: https://tool.example").close()


def names_that_bots_may_use():
    """A website that has bound its name to our address is told by that name."""
    def ask(gateway, *fields):
        head = "\r\n".join(["GET / HTTP/1.1", "Upgrade: websocket", "Connection: Upgrade",
                            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                            "Sec-WebSocket-Version: 13", *fields, "", ""])
        with socket.create_connection(("127.0.0.1", gateway.onebot), BOUND) as peer:
            peer.sendall(head.encode())
            with peer.makefile("rb") as stream:
                return read_head(stream)[0]

    with Gateway() as gateway:
        port = gateway.onebot
        for name in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example"):
            assert ask(gateway, f"Host: {name}:{port}", f"Origin: http://{name}:{port}") == 403
            assert ask(gateway, f"Host: {name}:{port}", "Origin: http://localhost") == 403
            assert ask(gateway, f"Host: {name}:{port}") == 101  # no browser: by any name
        for name in ("localhost", "127.0.0.1", "[::1]", "192.168.1.7"):
            assert ask(gateway, f"Host: {name}:{port}", f"Origin: http://{name}:{port}") == 101
        assert ask(gateway, f"Host: 127.1:{port}", f"Origin: http://127.1:{port}") == 403
    with Gateway("--onebot", "127.1:0") as gateway:  # the option's own name, if no good one
        port = gateway.onebot
        assert ask(gateway, f"Host: 127.1:{port}", f"Origin: http://127.1:{port}") == 101
    with Gateway("--token", "t") as gateway:
        fields = ("Host: x.example", "Origin: http://x.example", "Sec-Fetch-Site: cross-site")
        assert ask(gateway, *fields, "Authorization: Bearer t") == 101
        assert ask(gateway, *fields) == 401


# --- the bots' side -----------------------------------------------------------------------


def paths():
    with Gateway() as gateway:
        refused(gateway, 404, "/other")
        assert gateway.ask("GET", "/", port=gateway.onebot)[0] == 426
        for path in ("/", "/event", "/event/"):
            with gateway.bot(path) as bot:
                hello = bot.receive()
                assert hello["meta_event_type"] == "lifecycle", hello
                assert hello["sub_type"] == "connect" and hello["self_id"] == 10000, hello
        with gateway.bot("/api") as api, gateway.bot("/event") as events:
            event(events, "meta_event")
            gateway.say(10001, 20001, "one")
            assert event(events, "message")["raw_message"] == "one"
            events.send({"action": "get_status", "echo": 1})  # not answered there
            gateway.say(10001, 20001, "two")
            assert events.receive()["raw_message"] == "two"
            assert data(api, "get_status")["online"] is True  # and no event came here
            api.send({"action": "get_status", "echo": 1})
            assert api.receive()["echo"] == 1


def lookups():
    with Gateway() as gateway, gateway.bot() as bot:
        assert data(bot, "get_login_info")["user_id"] == 10000
        assert data(bot, "get_status")["good"] is True
        version = data(bot, "get_version_info")
        assert version["protocol_version"] == "v11" and version["app_name"] == "xie-gateway"
        friends = data(bot, "get_friend_list")
        assert [one["user_id"] for one in friends] == [10001, 10002, 10003, 10004, 10005]
        assert set(friends[0]) == {"user_id", "nickname", "remark"}
        stranger = data(bot, "get_stranger_info", user_id="10003")
        assert set(stranger) == {"user_id", "nickname", "sex", "age"}, stranger
        groups = data(bot, "get_group_list")
        assert [(one["group_id"], one["member_count"]) for one in groups] == [(20001, 6), (20002, 3)]
        assert data(bot, "get_group_info", group_id=20002) == groups[1]
        members = data(bot, "get_group_member_list", group_id=20001)
        assert {one["user_id"] for one in members} == set(range(10000, 10006))
        assert all(one["card"] and one["card"] != one["nickname"] for one in members)
        roles = {one["user_id"]: one["role"] for one in members}
        assert roles[10001] == "owner" and roles[10002] == "admin" and roles[10003] == "member"
        others = data(bot, "get_group_member_list", group_id=20002)
        assert {one["user_id"] for one in others} == {10000, 10001, 10002}
        one = data(bot, "get_group_member_info", group_id=20001, user_id=10002)
        assert one in members
        assert set(one) == {"group_id", "user_id", "nickname", "card", "sex", "age", "area",
                            "join_time", "last_sent_time", "level", "role", "unfriendly", "title",
                            "title_expire_time", "card_changeable"}, one
        assert isinstance(one["level"], str)


def unknown_action():
    with Gateway() as gateway, gateway.bot() as bot:
        reply = call(bot, "no_such_thing")
        assert reply["status"] == "failed" and reply["retcode"] == 1404 and reply["data"] is None
        assert "no_such_thing" in reply["message"]


def frames_that_are_no_calls():
    with Gateway() as gateway, gateway.bot("/api") as bot:
        for text in ("not json", "[1]", "{", "\"x\"", "{\"action\":1}", "{}",
                     "[" * 100000, "{\"echo\":" + "[" * 500 + "]" * 500 + "}"):
            bot.send(text)
            reply = bot.receive()
            assert reply["status"] == "failed" and reply["retcode"] == 1400, (text[:20], reply)
            assert reply["message"], reply
        assert data(bot, "get_status")["online"] is True  # still alive


def texts_that_are_cut():
    """In the middle of a character: the reply comes all the same."""
    with Gateway() as gateway, gateway.bot("/api") as bot:
        for more in range(3):
            reply = call(bot, "x" * more + "没有" * 40)
            assert reply["retcode"] == 1404 and "没有" in reply["message"], reply
            status, _, answer = gateway.ask("POST", "/api/faults", {"x" * more + "没有" * 40: 1})
            assert status == 400 and "没有" in answer["error"], (status, answer)
        assert data(bot, "get_status")["good"]


def sending():
    with Gateway() as gateway, gateway.bot() as bot:
        at = {"type": "at", "data": {"qq": 10001}}
        text = {"type": "text", "data": {"text": " hi [x]"}}
        first = data(bot, "send_group_msg", group_id=20001, message=[at, text])["message_id"]
        second = data(bot, "send_msg", user_id=10003, message="a&amp;b[CQ:dice]")["message_id"]
        third = data(bot, "send_private_msg", user_id="10002", message=text)["message_id"]
        fourth = data(bot, "send_msg", message_type="group", group_id="20002", user_id=10001,
                      message="[CQ:dice]", auto_escape=True)["message_id"]
        assert first < second < third < fourth
        said = gateway.messages(f"after={first - 1}")
        assert [(one["message_id"], one["user_id"], one["group_id"], one["text"]) for one in said] \
            == [(first, 10000, 20001, "@掌柜·晚  hi [x]"), (second, 10000, None, "a&b[骰子]"),
                (third, 10000, None, " hi [x]"), (fourth, 10000, 20002, "[CQ:dice]")], said
        got = data(bot, "get_msg", message_id=str(first))
        assert got["message_type"] == "group" and got["real_id"] == first, got
        assert got["message"][0] == {"type": "at", "data": {"qq": "10001"}}, got
        assert got["sender"]["user_id"] == 10000 and got["raw_message"] == \
            "[CQ:at,qq=10001] hi &#91;x&#93;", got
        reply = call(bot, "send_group_msg", group_id=20001, message="汉" * 4501)
        assert reply["retcode"] == 100 and "4500" in reply["message"], reply
        for empty in ("", [], [{"type": "text", "data": {"text": " "}}]):
            reply = call(bot, "send_group_msg", group_id=20001, message=empty)
            assert reply["status"] == "failed" and "empty" in reply["message"], reply


def deleting():
    with Gateway() as gateway, gateway.bot() as bot, gateway.bot("/event") as other:
        mine = data(bot, "send_group_msg", group_id=20001, message="oops")["message_id"]
        assert data(bot, "delete_msg", message_id=mine) is None
        for notice in (event(other, "notice"),):
            assert notice["notice_type"] == "group_recall" and notice["message_id"] == mine
            assert notice["user_id"] == notice["operator_id"] == 10000, notice
            assert notice["group_id"] == 20001, notice
        assert call(bot, "get_msg", message_id=mine)["status"] == "failed"
        assert gateway.messages(f"after={mine - 1}") == []
        owners = gateway.say(10001, 20001, "of the owner")
        reply = call(bot, "delete_msg", message_id=owners)
        assert reply["status"] == "failed" and reply["retcode"] == 100, reply
        members = gateway.say(10002, 20002, "there the bot is admin")
        data(bot, "delete_msg", message_id=members)
        private = gateway.say(10004, None, "not for long")
        status, _, answer = gateway.ask("POST", "/api/recall",
                                        {"user_id": 10004, "message_id": private})
        assert status == 200 and answer == {}, answer
        event(other, "notice")
        notice = event(other, "notice")
        assert notice["notice_type"] == "friend_recall" and notice["user_id"] == 10004, notice


def suffixes():
    with Gateway() as gateway, gateway.bot() as bot:
        event(bot, "meta_event")
        for suffix in ("_async", "_rate_limited"):
            bot.send({"action": "send_private_msg" + suffix, "echo": suffix,
                      "params": {"user_id": 10001, "message": suffix}})
            reply = bot.receive()
            assert reply == {"status": "async", "retcode": 1, "data": None, "echo": suffix}, reply
            said = gateway.messages("wait=20&with=10001")
            while said[-1]["text"] != suffix:
                said += gateway.messages(f"wait=20&with=10001&after={said[-1]['message_id']}")
        assert call(bot, "nothing_async")["retcode"] == 1404


def events_in_full():
    with Gateway() as gateway, gateway.bot() as one, gateway.bot() as two:
        event(one, "meta_event")
        event(two, "meta_event")
        said = gateway.say(10002, 20001, "a & [b], 汉")
        got = event(one, "message")
        assert got == event(two, "message")
        assert got.pop("time") > 1700000000
        assert got == {
            "self_id": 10000, "post_type": "message", "message_type": "group",
            "sub_type": "normal", "message_id": said, "message_seq": said, "real_seq": str(said),
            "group_id": 20001, "group_name": "协程茶馆", "user_id": 10002,
            "anonymous": None, "font": 0, "message_format": "array",
            "message": [{"type": "text", "data": {"text": "a & [b], 汉"}}],
            "raw_message": "a &amp; &#91;b&#93;, 汉",
            "sender": {"user_id": 10002, "nickname": "Mira", "sex": "female", "age": 31,
                       "card": "管理员·米拉", "area": "上海", "level": "62", "role": "admin",
                       "title": ""}}, got
        said = gateway.say(10005, None, "hello")
        got = event(one, "message")
        assert got["message_type"] == "private" and got["sub_type"] == "friend", got
        assert "group_id" not in got and got["sender"]["nickname"] == "Otto", got


def many_calls_at_once():
    """More calls in flight than the queue has room for: each is answered, in order."""
    with Gateway() as gateway, gateway.bot("/api") as bot:
        count = 5000
        calls = threading.Thread(target=lambda: [
            bot.send({"action": "get_status", "echo": i}) for i in range(count)])
        calls.start()
        assert [bot.receive()["echo"] for _ in range(count)] == list(range(count))
        calls.join()


def slow_reader_is_dropped():
    """A bot that takes no events loses its connection; the others lose nothing."""
    with Gateway() as gateway:
        with gateway.bot(buffer=4096) as slow, gateway.bot() as good:
            event(good, "meta_event")
            event(slow, "meta_event")
            text = "汉" * 4500
            sent = 0
            # The queue's 1024 frames and what the kernel buffers of both sides take.
            while "reads too slowly" not in select_line(gateway):
                last = gateway.say(10001, 20001, text)
                sent += 1
                assert event(good, "message")["message_id"] == last
                assert sent < 5000, "never dropped"
            try:
                while True:
                    slow.receive()
            except Closed:
                pass
            assert data(good, "get_status")["online"] is True


def select_line(gateway):
    """What stderr said so far, without waiting."""
    os.set_blocking(gateway.process.stderr.fileno(), False)
    try:
        return os.read(gateway.process.stderr.fileno(), 65536).decode()
    except BlockingIOError:
        return ""
    finally:
        os.set_blocking(gateway.process.stderr.fileno(), True)


def peers_that_vanish():
    """Cut off in a handshake, in a frame, without a close: the gateway goes on."""
    with Gateway() as gateway:
        for cut in (b"GET / HTT", b"GET / HTTP/1.1\r\nHost: x\r\n", b"\x16\x03\x01 no http\r\n\r\n"):
            for port in (gateway.onebot, gateway.page):
                with socket.create_connection(("127.0.0.1", port), BOUND) as peer:
                    peer.sendall(cut)
        for cut in (b"\x81", b"\x81\xfe\x01", b"\x81\x85abcd12", b"\x83\x80abcd", b"\x81\x05hello"):
            bot = gateway.bot()
            bot.socket.sendall(cut)
            bot.close()
        for _ in range(50):
            gateway.bot().close()
        with gateway.bot() as bot:
            assert data(bot, "get_status")["online"] is True


# --- the page's side --------------------------------------------------------------------------


def page_files():
    with Gateway() as gateway:
        for path, kind in (("/", "text/html"), ("/index.html", "text/html"),
                           ("/app.js", "text/javascript"), ("/style.css", "text/css"),
                           ("/icon.svg", "image/svg+xml")):
            status, fields, body = gateway.ask("GET", path)
            assert status == 200 and fields["Content-Type"].startswith(kind), path
            assert "default-src 'none'" in fields["Content-Security-Policy"]
            assert fields["X-Content-Type-Options"] == "nosniff"
            status, head, empty = gateway.ask("HEAD", path)
            assert status == 200 and empty == b""
            assert head["Content-Length"] == str(len(body)), path
        assert gateway.ask("GET", "/nothing")[0] == 404
        assert gateway.ask("GET", "/../main.c")[0] in (400, 404)
        status, fields, _ = gateway.ask("POST", "/", "x")
        assert status == 405 and fields["Allow"] == "GET, HEAD"


def say_and_messages():
    with Gateway() as gateway:
        assert gateway.messages("after=0") == []
        first = gateway.say(10001, 20001, "one\n<b>")
        second = gateway.say("10003", None, "two")
        said = gateway.messages("after=0")
        times = [one.pop("time") for one in said]
        assert all(isinstance(one, int) for one in times)
        assert said == [
            {"message_id": first, "user_id": 10001, "group_id": 20001, "text": "one\n<b>"},
            {"message_id": second, "user_id": 10003, "group_id": None, "text": "two"}], said
        assert [one["message_id"] for one in gateway.messages(f"after={first}")] == [second]
        assert gateway.messages(f"after={second}") == []
        assert len(gateway.messages("")) == 2
        assert [m["message_id"] for m in gateway.messages("group_id=20001")] == [first]
        assert [m["message_id"] for m in gateway.messages("with=10003")] == [second]


def say_refusals():
    good = {"user_id": 10001, "group_id": 20001, "text": "x"}
    cases = [
        ("", 400, "JSON"), ("{", 400, "JSON"), ("[]", 400, "object"), ("nul", 400, "JSON"),
        ("[" * 5000, 400, "deeper"),
        ({}, 400, "user_id"), ({**good, "user_id": None}, 400, "user_id"),
        ({**good, "user_id": "x"}, 400, "user_id"), ({**good, "user_id": 1.5}, 400, "user_id"),
        ({**good, "user_id": -1}, 400, "user_id"), ({**good, "group_id": []}, 400, "group_id"),
        ({**good, "text": 5}, 400, "text"), ({"user_id": 10001}, 400, "text"),
        ({**good, "text": ""}, 400, "empty"), ({**good, "text": " \n "}, 400, "empty"),
        ({**good, "text": "x" * 4501}, 413, "4500"),
        ({**good, "user_id": 99}, 404, "99"), ({**good, "group_id": 77}, 404, "77"),
        ({**good, "group_id": 20002, "user_id": 10005}, 403, "10005"),
        ({**good, "user_id": 10000}, 403, "bot"),
    ]
    with Gateway() as gateway:
        for body, code, word in cases:
            status, _, answer = gateway.ask("POST", "/api/say", body)
            assert status == code and word in answer["error"], (str(body)[:80], status, answer)
        assert gateway.messages("after=0") == []
        gateway.say(10001, 20001, "汉" * 4500)
        status, _, answer = gateway.ask("POST", "/api/say", b"x" * (600 * 1024))
        assert status == 413, status
        status, fields, _ = gateway.ask("GET", "/api/say")
        assert status == 405 and fields["Allow"] == "POST"
        assert gateway.ask("GET", "/api/other")[0] == 404


def messages_refusals():
    with Gateway() as gateway:
        for query, word in (("after=x", "after"), ("after=1.5", "after"), ("wait=x", "wait"),
                            ("wait=-1", "wait"), ("wait=301", "wait"), ("wait=nan", "wait"),
                            ("group_id=x", "group_id"), ("with=", "with")):
            status, _, answer = gateway.ask("GET", "/api/messages?" + query)
            assert status == 400 and word in answer["error"], (query, status, answer)


def messages_wait():
    """Several wait; each gets the first that fits, and only that one wakes it."""
    with Gateway() as gateway:
        last = gateway.say(10001, 20001, "before")
        answers = {}

        def wait(name, query):
            answers[name] = gateway.messages(f"after={last}&wait=60&{query}")

        waiters = [threading.Thread(target=wait, args=pair) for pair in
                   (("any", ""), ("group", "group_id=20002"), ("with", "with=10004"))]
        for waiter in waiters:
            waiter.start()
        gateway.say(10001, 20001, "first")
        waiters[0].join(BOUND)
        gateway.say(10001, 20002, "second")
        waiters[1].join(BOUND)
        gateway.say(10004, None, "third")
        waiters[2].join(BOUND)
        assert answers["any"][0]["text"] == "first", answers
        assert [one["text"] for one in answers["group"]] == ["second"], answers
        assert [one["text"] for one in answers["with"]] == ["third"], answers
        assert gateway.messages("after=999999999999&wait=0.01") == []


def ids_rise_across_runs():
    """A script that waits after some id is not deaf to a gateway that was restarted."""
    with Gateway() as gateway:
        first = gateway.say(10001, 20001, "x")
    time.sleep(1)  # ids begin with the seconds
    with Gateway() as gateway:
        assert gateway.say(10001, 20001, "x") > first


def foreign_origins():
    with Gateway() as gateway:
        here = f"127.0.0.1:{gateway.page}"
        body = {"user_id": 10001, "text": "x"}
        refusals = ({"Host": "evil.example"}, {"Host": f"evil.example:{gateway.page}"},
                    {"Origin": "http://evil.example"}, {"Origin": "null"},
                    {"Origin": f"http://127.0.0.1:{gateway.page + 1}"},
                    {"Sec-Fetch-Site": "cross-site"}, {"Host": "127.0.0.1.evil.example"})
        for fields in refusals:
            status, _, answer = gateway.ask("POST", "/api/say", body, fields)
            assert status == 403 and "error" in answer, (fields, status)
            assert gateway.ask("GET", "/api/messages", None, fields)[0] == 403
        for fields in ({}, {"Host": "localhost"}, {"Host": f"LOCALHOST:{gateway.page}"},
                       {"Host": f"[::1]:{gateway.page}"}, {"Host": "192.168.1.7"},
                       {"Origin": f"http://{here}"}):
            assert gateway.ask("POST", "/api/say", body, fields)[0] == 200, fields
        try:
            WebSocket(gateway.page, "/api/live", ["Origin: http://evil.example"]).close()
            raise AssertionError("a foreign page was told everything")
        except Refused as no:
            assert no.status == 403


def old_http():
    """HTTP/1.0 without Host, as old tools send it."""
    with Gateway() as gateway:
        with socket.create_connection(("127.0.0.1", gateway.page), BOUND) as peer:
            peer.sendall(b"GET /api/messages HTTP/1.0\r\n\r\n")
            stream = peer.makefile("rb")
            status, fields = read_head(stream)
            assert status == 200 and stream.read(int(fields["content-length"])) == b"[]"


def live():
    with Gateway() as gateway:
        gateway.say(10001, 20001, "before")
        with WebSocket(gateway.page, "/api/live") as page:
            past = []
            while (frame := page.receive())["kind"] != "ready":
                past.append(frame)
            hello = past[0]
            assert hello["kind"] == "hello" and hello["bots"] == 0
            assert len(hello["people"]) == 6 and len(hello["groups"]) == 2
            assert hello["onebot"] == f"ws://127.0.0.1:{gateway.onebot}"
            assert [one["text"] for one in past if one["kind"] == "message"] == ["before"]
            with gateway.bot() as bot:
                came = page.receive()
                assert (came["kind"], came["state"], came["bots"]) == ("bot", "connected", 1), came
                event(bot, "meta_event")
                said = data(bot, "send_msg", user_id=10002, message="[CQ:dice]")["message_id"]
                shown, passed = page.receive(), page.receive()
                assert shown["message_id"] == said and shown["target_id"] == 10002, shown
                dice, = shown["segments"]
                assert dice["type"] == "dice" and 1 <= int(dice["data"]["result"]) <= 6, shown
                assert passed["kind"] == "call" and passed["action"] == "send_msg", passed
                assert passed["reply"]["status"] == "ok" and passed["took_us"] >= 0, passed
                data(bot, "delete_msg", message_id=said)
                assert page.receive()["recalled"] is True
                told = page.receive()
                assert told["kind"] == "event" and told["to"] == 1, told
                assert page.receive()["action"] == "delete_msg"
            left = page.receive()
            assert (left["kind"], left["state"], left["bots"]) == ("bot", "gone", 0), left
        with WebSocket(gateway.page, "/api/live") as page:  # opened later: the same again
            kinds = []
            while (frame := page.receive())["kind"] != "ready":
                kinds.append(frame["kind"])
            assert kinds.count("call") == 2 and kinds.count("bot") == 2, kinds
            assert kinds.count("message") == 2, kinds


TESTS = [addresses_are_printed, signals_end_it, signal_says_goodbye,
         signal_does_not_wait_for_waiters, port_in_use, wrong_options, help_and_version,
         token_before_the_upgrade, token_from_the_environment, token_after_the_upgrade,
         websites_may_not_connect, names_that_bots_may_use, texts_that_are_cut, paths, lookups, unknown_action, frames_that_are_no_calls,
         sending, deleting, suffixes, events_in_full, many_calls_at_once, slow_reader_is_dropped,
         peers_that_vanish, page_files, say_and_messages, say_refusals, messages_refusals,
         messages_wait, ids_rise_across_runs, foreign_origins, old_http, live]


tell(TESTS)
