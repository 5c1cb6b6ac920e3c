#!/usr/bin/env python3
"""gateway_ways.py - xie-gateway's other ways to talk: HTTP, HTTP POST, reverse WebSocket; in TAP.

usage: gateway_ways.py PROGRAM [NAME-PART]
"""
# SPDX-License-Identifier: MIT
import contextlib
import hashlib
import hmac
import http.server
import json
import queue
import socket
import sys
import threading
import urllib.parse

sys.dont_write_bytecode = True
from simulated import Gateway, event, run, tell  # noqa: E402
from websocket import BOUND, Accepted, Closed  # noqa: E402

TEA, BOT, MEMBER = 20001, 10000, 10003
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json; charset=utf-8"}


class Ways(Gateway):
    """One that also answers calls by HTTP."""

    def __init__(self, *options, **more):
        super().__init__("--http", "127.0.0.1:0", *options, **more)
        line = self.process.stdout.readline()
        assert line.startswith("http http://"), line
        self.http = int(line.rsplit(":", 1)[1].strip("/\n"))

    def http_ask(self, method, path, body=None, fields=None):
        status, _, answer = self.ask(method, path, body, fields, port=self.http)
        return status, answer


# --- HTTP ------------------------------------------------------------------------------------


def calls_by_http():
    with Ways() as gateway:
        for path in ("/get_login_info", "/get_login_info/", "/get_login_info?x=1"):
            status, answer = gateway.http_ask("GET", path)
            assert status == 200 and answer["data"]["user_id"] == BOT, answer
        query = urllib.parse.urlencode({"group_id": TEA, "message": "你好&再见 + ="})
        status, answer = gateway.http_ask("GET", f"/send_group_msg?{query}")
        assert status == 200 and answer["data"]["message_id"] > 0, answer
        gateway.http_ask("POST", "/send_group_msg", query, FORM)
        gateway.http_ask("POST", "/send_group_msg",
                         {"group_id": str(TEA), "message": [{"type": "face", "data": {"id": 1}}]},
                         JSON)
        texts = [one["text"] for one in gateway.messages("wait=0")]
        assert texts == ["你好&再见 + ="] * 2 + ["[表情]"], texts
        assert gateway.http_ask("POST", "/get_status")[1]["data"]["good"]
        status, answer = gateway.http_ask("GET", "/get_msg?message_id=1")
        assert status == 200 and answer["status"] == "failed" and answer["data"] is None, answer
        assert gateway.http_ask("GET", "/get_status_async")[1]["status"] == "async"


def wrong_http():
    with Ways() as gateway:
        for expected, *request in (
                (404, "GET", "/"), (404, "GET", "/nothing"), (404, "GET", "/get_status/x"),
                (404, "GET", "/" + "a" * 1000), (405, "PUT", "/get_status"),
                (400, "POST", "/get_status", "{", JSON), (400, "POST", "/get_status", "[]", JSON),
                (400, "POST", "/get_status", "a=%", FORM),
                (406, "POST", "/get_status", "x", {"Content-Type": "text/plain"}),
                (406, "POST", "/get_status", "x")):
            status, answer = gateway.http_ask(*request)
            assert status == expected, (expected, request, status, answer)
        status, answer = gateway.http_ask("GET", "/send_msg?user_id=x&message=a")
        assert status == 200 and answer["retcode"] == 1400, answer
        status, _ = gateway.http_ask("GET", "/get_status", fields={"Origin": "https://e.example"})
        assert status == 403


def websites_may_not_call():
    """A page's image sends no Origin, and one by a name bound to our address is its own origin."""
    with Ways() as gateway:
        port = gateway.http
        for fields in ({"Host": "evil.example"}, {"Host": f"evil.example:{port}"},
                       {"Host": f"127.0.0.1.evil.example:{port}"},
                       {"Host": f"evil.example:{port}", "Origin": f"http://evil.example:{port}"},
                       {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
            for method in ("GET", "POST"):
                status, answer = gateway.http_ask(method, "/send_msg?user_id=10001&message=x",
                                                  fields=fields)
                assert status == 403 and "token" in answer["error"], (fields, status, answer)
        assert gateway.messages("wait=0") == []
        for fields in ({}, {"Host": "localhost"}, {"Host": f"LocalHost:{port}"},
                       {"Host": f"[::1]:{port}"}, {"Host": "10.0.0.7"}, {"Sec-Fetch-Site": "none"},
                       {"Sec-Fetch-Site": "same-origin"}, {"Origin": f"http://127.0.0.1:{port}"}):
            assert gateway.http_ask("GET", "/get_status", fields=fields)[0] == 200, fields
        with socket.create_connection(("127.0.0.1", port), BOUND) as peer:  # as old tools ask
            peer.sendall(b"GET /get_status HTTP/1.0\r\n\r\n")
            assert peer.makefile("rb").readline().split()[1] == b"200"
    with Ways("--token", "T") as gateway:
        fields = {"Host": "gateway.example", "Sec-Fetch-Site": "cross-site"}
        assert gateway.http_ask("GET", "/get_status?access_token=T", fields=fields)[0] == 200
        assert gateway.http_ask("GET", "/get_status", fields=fields)[0] == 401


def http_token():
    with Ways("--token", "T") as gateway:
        assert gateway.http_ask("GET", "/get_status")[0] == 401
        assert gateway.http_ask("GET", "/get_status?access_token=no")[0] == 403
        assert gateway.http_ask("GET", "/get_status?access_token=T")[0] == 200
        for scheme in ("Bearer", "Token"):
            fields = {"Authorization": f"{scheme} T"}
            assert gateway.http_ask("GET", "/get_status", fields=fields)[0] == 200


# --- HTTP POST -------------------------------------------------------------------------------


@contextlib.contextmanager
def receiver(answers):
    """A bot that gets events by HTTP: its URL, and a queue of (event, fields, body). answers:
    from an event to the status and the body of the answer."""
    got = queue.Queue()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):  # pylint: disable=invalid-name
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, text = answers(json.loads(body))
            got.put((json.loads(body), self.headers, body))  # first: who sent it may be going
            with contextlib.suppress(OSError):
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/bot?x=1", got
    finally:
        server.shutdown()
        server.server_close()


def posted(got, post_type):
    while (one := got.get(timeout=BOUND))[0]["post_type"] != post_type:
        pass
    return one


def lifecycle(got):
    while (one := posted(got, "meta_event")[0])["meta_event_type"] == "heartbeat":
        pass
    return one["sub_type"], one["self_id"]


def events_by_post():
    def answers(one):
        if one.get("raw_message") == "quick":
            return 200, json.dumps({"reply": "at once", "at_sender": False}).encode()
        if one.get("raw_message") == "ban me":
            return 200, json.dumps({"ban": True}).encode()
        if one.get("raw_message") == "nonsense":
            return 200, b"nonsense"
        return (500, b"") if one.get("raw_message") == "refuse" else (204, b"")

    with receiver(answers) as (url, got), Ways("--post", url, "--secret", "秘") as gateway:
        first, fields, body = got.get(timeout=BOUND)
        assert (first["meta_event_type"], first["sub_type"]) == ("lifecycle", "enable"), first
        assert fields["X-Self-ID"] == str(BOT) and fields["Content-Type"] == "application/json"
        expected = hmac.new("秘".encode(), body, hashlib.sha1).hexdigest()
        assert fields["X-Signature"] == f"sha1={expected}", fields["X-Signature"]
        said = gateway.say(MEMBER, TEA, "quick")
        assert posted(got, "message")[0]["message_id"] == said
        assert gateway.messages(f"after={said}&wait=30")[0]["text"] == "at once"
        for text in ("ban me", "refuse", "nonsense", "after all"):  # none of them ends it
            gateway.say(MEMBER, TEA, text)
            assert posted(got, "message")[0]["raw_message"] == text
        code, said = gateway.stop()
        assert code == 0 and "did not take an event" in said and "no operation" in said, said
        assert "an operation that cannot be done: user 10000 (member) may not" in said, said
        gateway.process.kill()
        assert lifecycle(got) == ("disable", BOT)


def posts_of_two_accounts():
    """Each signed with its own secret, and told apart; a closed one is told so, and stays away."""
    twin = 10010
    with receiver(lambda _: (204, b"")) as (url, got), receiver(lambda _: (204, b"")) as (other, its), \
            Ways("--post", url, "--post", f"{twin}@{other}", "--secret", "common",
                 "--account-secret", f"{twin}:own") as gateway:
        for queue_, number, secret in ((got, BOT, "common"), (its, twin, "own")):
            first, fields, body = queue_.get(timeout=BOUND)
            assert first["self_id"] == number and fields["X-Self-ID"] == str(number), first
            expected = hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()
            assert fields["X-Signature"] == f"sha1={expected}"
        gateway.say(MEMBER, TEA, "to both")
        assert posted(got, "message")[0]["self_id"] == BOT
        assert posted(its, "message")[0]["self_id"] == twin
        for flag, kind in ((False, "disable"), (True, "enable")):
            assert gateway.ask("POST", "/api/accounts", {"user_id": twin, "open": flag})[0] == 200
            assert lifecycle(its) == (kind, twin)
        gateway.say(MEMBER, TEA, "again")
        assert posted(its, "message")[0]["raw_message"] == "again"
        status, answer = gateway.http_ask("GET", f"/{twin}/set_restart")
        assert status == 200 and answer["status"] == "async", answer
        for kind in ("disable", "enable"):
            assert lifecycle(its) == (kind, twin)


def nobody_takes_posts():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/"
    gateway = Ways("--post", url)
    for number in range(20):
        gateway.say(MEMBER, TEA, str(number))
    assert gateway.http_ask("GET", "/get_status")[0] == 200
    code, said = gateway.stop()
    assert code == 0 and said.count("did not take an event") == 1, said


# --- reverse WebSocket -------------------------------------------------------------------------


@contextlib.contextmanager
def listening():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener, f"ws://127.0.0.1:{listener.getsockname()[1]}/onebot"


def hello(bot):
    got = event(bot, "meta_event")
    assert (got["meta_event_type"], got["sub_type"]) == ("lifecycle", "connect"), got


def reverse_universal():
    with listening() as (listener, url), Gateway("--reverse", url, "--token", "T") as gateway:
        with Accepted(listener) as bot:
            assert bot.path == "/onebot" and bot.fields["x-client-role"] == "Universal"
            assert bot.fields["x-self-id"] == str(BOT)
            assert bot.fields["authorization"] == "Bearer T"
            bot.accept()
            hello(bot)
            bot.send({"action": "get_status", "echo": 1})
            assert bot.receive()["data"]["good"]
            gateway.say(MEMBER, TEA, "hi")
            assert event(bot, "message")["raw_message"] == "hi"
        with Accepted(listener) as bot:  # it comes back by itself
            bot.answer("403 Forbidden", "Content-Length: 0")
        with Accepted(listener) as bot:
            bot.accept()
            hello(bot)
            gateway.process.terminate()
            try:
                while True:
                    bot.receive()
            except Closed as closed:
                assert closed.code == 1001, closed.code


def reverse_in_two():
    with listening() as (calls, one), listening() as (events, other), \
            Gateway("--reverse-api", one, "--reverse-event", other) as gateway, \
            Accepted(calls) as api, Accepted(events) as ear:
        assert api.fields["x-client-role"] == "API" and ear.fields["x-client-role"] == "Event"
        assert "authorization" not in api.fields
        api.accept()
        ear.accept()
        hello(ear)
        gateway.say(MEMBER, TEA, "hi")
        assert event(ear, "message")["raw_message"] == "hi"
        ear.send({"action": "get_status", "echo": 1})  # not there
        api.send({"action": "get_status", "echo": 2})
        assert api.receive()["echo"] == 2
        api.close()
        ear.close()


def wrong_ways():
    for option, value, code in (("--reverse", "nonsense", 1), ("--http", "nowhere", 2),
                                ("--reverse", "http://127.0.0.1:1/", 1)):
        ended = run("--onebot", "127.0.0.1:0", "--page", "127.0.0.1:0", option, value)
        assert ended.returncode == code and option in ended.stderr, (option, value, ended)


tell([calls_by_http, wrong_http, websites_may_not_call, http_token, events_by_post, posts_of_two_accounts, nobody_takes_posts,
      reverse_universal, reverse_in_two, wrong_ways])
