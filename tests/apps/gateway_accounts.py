#!/usr/bin/env python3
"""gateway_accounts.py - several accounts on one xie-gateway, told in TAP.

usage: gateway_accounts.py PROGRAM [NAME-PART]
"""
# SPDX-License-Identifier: MIT
import concurrent.futures
import contextlib
import socket
import sys

sys.dont_write_bytecode = True
import simulated  # noqa: E402
from simulated import call, data, event, next_of, run, tell  # noqa: E402
from websocket import BOUND, Accepted, Closed, Refused, WebSocket  # noqa: E402

TEA, WORKSHOP, BOT, OWNER, ADMIN, MEMBER, TWIN = 20001, 20002, 10000, 10001, 10002, 10003, 10010


class Gateway(simulated.Gateway):
    """Its bots keep the events that come before a reply."""

    def bot(self, *args, **more):
        return keeping(super().bot(*args, **more))


def keeping(bot):
    bot.kept = []
    return bot


def refused(bot, action, retcode=100, **params):
    reply = call(bot, action, **params)
    assert reply["status"] == "failed" and reply["retcode"] == retcode, reply
    return reply["message"]


def act(gateway, who, action, **params):
    status, _, answer = gateway.ask("POST", "/api/act", {"user_id": who, "action": action,
                                                         "params": params})
    assert status == 200, answer
    return answer["data"]


def told(bot, post_type="notice", **expected):
    got = event(bot, post_type)
    assert {key: got.get(key) for key in expected} == expected, got
    return got


def accounts(gateway):
    return {one["user_id"]: one for one in gateway.ask("GET", "/api/accounts")[2]}


def change(gateway, status=200, **body):
    got, _, answer = gateway.ask("POST", "/api/accounts", body)
    assert got == status, (got, answer)
    return answer


@contextlib.contextmanager
def two(*options, **more):
    """A gateway, and a bot of each of two accounts that has said that it is there."""
    with Gateway("--account", f"{TWIN}:双子", *options, **more) as gateway, \
            gateway.bot() as one, gateway.bot(f"/{TWIN}") as other:
        told(one, "meta_event", self_id=BOT)
        told(other, "meta_event", self_id=TWIN)
        yield gateway, one, other


def no_event_but(bot, marker):
    """The next event that is no heartbeat is the message with the marker's words."""
    while (got := next_of(bot)).get("post_type") in (None, "meta_event"):
        pass
    assert got.get("raw_message") == marker, got


# --- each has its own view ------------------------------------------------------------------


def each_is_itself():
    with two() as (_, one, other):
        for bot, number, name in ((one, BOT, "小协"), (other, TWIN, "双子")):
            assert data(bot, "get_login_info") == {"user_id": number, "nickname": name}
            assert f"o{number};" in data(bot, "get_cookies")["cookies"]
            assert f"o{number};" in data(bot, "get_credentials")["cookies"]
            friends = {friend["user_id"] for friend in data(bot, "get_friend_list")}
            assert friends == {OWNER, ADMIN, MEMBER, 10004, 10005, BOT, TWIN} - {number}, friends
            groups = {group["group_id"] for group in data(bot, "get_group_list")}
            assert groups == {TEA, WORKSHOP}, groups
        assert data(one, "get_group_member_info", group_id=WORKSHOP, user_id=BOT)["role"] == "admin"
        mine = data(other, "get_group_member_info", group_id=WORKSHOP, user_id=TWIN)
        assert mine["role"] == "member" and mine["nickname"] == "双子", mine
        remarks = {friend["user_id"]: friend["remark"] for friend in data(other, "get_friend_list")}
        assert set(remarks.values()) == {""}, remarks


def rights_are_each_ones_own():
    with two() as (_, one, other):
        assert "member" in refused(other, "set_group_ban", group_id=WORKSHOP, user_id=ADMIN)
        assert "admin" in refused(other, "set_group_name", group_id=WORKSHOP, group_name="x")
        data(one, "set_group_ban", group_id=WORKSHOP, user_id=TWIN, duration=60)
        told(one, notice_type="group_ban", user_id=TWIN, operator_id=BOT, self_id=BOT)
        told(other, notice_type="group_ban", user_id=TWIN, operator_id=BOT, self_id=TWIN)
        assert "muted" in refused(other, "send_group_msg", group_id=WORKSHOP, message="x")
        data(one, "send_group_msg", group_id=WORKSHOP, message="but not me")
        said = data(one, "send_group_msg", group_id=TEA, message="mine")["message_id"]
        assert "recall" in refused(other, "delete_msg", message_id=said)
        data(one, "delete_msg", message_id=said)


def they_talk_in_a_group():
    with two() as (gateway, one, other):
        said = data(one, "send_group_msg", group_id=TEA, message="hello twin")["message_id"]
        told(other, "message", self_id=TWIN, user_id=BOT, message_id=said, raw_message="hello twin")
        answer = data(other, "send_group_msg", group_id=TEA,
                      message=f"[CQ:reply,id={said}]hello")["message_id"]
        told(one, "message", self_id=BOT, user_id=TWIN, message_id=answer)
        assert data(one, "get_msg", message_id=answer)["sender"]["user_id"] == TWIN
        gateway.say(MEMBER, TEA, "to both")
        for bot, number in ((one, BOT), (other, TWIN)):
            told(bot, "message", self_id=number, user_id=MEMBER, raw_message="to both")
        texts = [item["text"] for item in gateway.messages(f"group_id={TEA}")]
        assert texts == ["hello twin", "hello", "to both"], texts


def they_talk_in_private():
    with two() as (gateway, one, other):
        said = data(one, "send_private_msg", user_id=TWIN, message="psst")["message_id"]
        told(other, "message", self_id=TWIN, user_id=BOT, sub_type="friend", message_id=said,
             target_id=TWIN)
        data(other, "send_private_msg", user_id=BOT, message="yes?")
        told(one, "message", self_id=BOT, user_id=TWIN, raw_message="yes?")
        assert "itself" in refused(other, "send_private_msg", user_id=TWIN, message="x")
        for bot, peer in ((one, TWIN), (other, BOT)):
            texts = [item["raw_message"] for item in
                     data(bot, "get_friend_msg_history", user_id=peer)["messages"]]
            assert texts == ["psst", "yes?"], texts
        data(one, "delete_msg", message_id=said)
        for bot in (one, other):
            told(bot, notice_type="friend_recall", user_id=BOT, message_id=said)
        assert [item["text"] for item in gateway.messages(f"with={TWIN}")] == ["yes?"]


def private_talks_are_private():
    """What a person and one account say to each other the other account can neither see nor find."""
    with two() as (gateway, one, other):
        _, _, answer = gateway.ask("POST", "/api/say", {
            "user_id": MEMBER, "target_id": TWIN, "text": "for the twin"})
        said = answer["message_id"]
        told(other, "message", self_id=TWIN, user_id=MEMBER, message_id=said)
        gateway.say(MEMBER, None, "for the first")
        no_event_but(one, "for the first")
        for action in ("get_msg", "delete_msg", "mark_msg_as_read"):
            assert "no message" in refused(one, action, message_id=said), action
        assert "no message" in refused(one, "forward_group_single_msg", message_id=said, group_id=TEA)
        refused(one, "send_group_forward_msg", group_id=TEA,
                messages=[{"type": "node", "data": {"id": said}}])
        assert data(one, "get_friend_msg_history", user_id=MEMBER)["messages"][0]["self_id"] == BOT
        assert len(data(one, "get_friend_msg_history", user_id=MEMBER)["messages"]) == 1
        assert data(other, "get_msg", message_id=said)["sender"]["user_id"] == MEMBER
        texts = lambda query: [item["text"] for item in gateway.messages(query)]  # noqa: E731
        assert texts(f"with={MEMBER}&account={TWIN}") == ["for the twin"]
        assert texts(f"with={MEMBER}") == ["for the first"]
        assert texts(f"account={TWIN}") == ["for the twin"]
        assert gateway.ask("GET", "/api/messages?account=x")[0] == 400
        status, _, answer = gateway.ask("POST", "/api/say", {
            "user_id": MEMBER, "target_id": ADMIN, "text": "between people"})
        assert status == 403 and "account" in answer["error"], answer


def own_messages_are_told_if_wanted():
    with two("--report-self") as (gateway, one, other):
        said = data(one, "send_group_msg", group_id=TEA, message="mine")["message_id"]
        got = told(one, "message_sent", self_id=BOT, user_id=BOT, message_id=said)
        assert got["sub_type"] == "normal" and got["sender"]["card"] == "跑堂的", got
        told(other, "message", user_id=BOT, message_id=said)
        data(other, "send_private_msg", user_id=MEMBER, message="to one")
        told(other, "message_sent", self_id=TWIN, user_id=TWIN, target_id=MEMBER)
        change(gateway, user_id=BOT, report_self=False)
        data(one, "send_group_msg", group_id=TEA, message="quietly")
        gateway.say(MEMBER, TEA, "marker")
        no_event_but(one, "marker")
    with two() as (gateway, one, _):
        data(one, "send_group_msg", group_id=TEA, message="mine")
        gateway.say(MEMBER, TEA, "marker")
        no_event_but(one, "marker")
        change(gateway, user_id=BOT, report_self=True)
        data(one, "send_group_msg", group_id=TEA, message="mine")
        told(one, "message_sent", raw_message="mine")


def connections_of_one_account_share_events():
    with two() as (gateway, _, other), gateway.bot(f"/{TWIN}/event") as ear, \
            gateway.bot(f"/{TWIN}/api") as mouth:
        told(ear, "meta_event", self_id=TWIN, sub_type="connect")
        gateway.say(MEMBER, TEA, "to all")
        for bot in (other, ear):
            told(bot, "message", self_id=TWIN, raw_message="to all")
        assert data(mouth, "get_login_info")["user_id"] == TWIN
        assert accounts(gateway)[TWIN]["bots"] == 3 and accounts(gateway)[BOT]["bots"] == 1


# --- coming and going -----------------------------------------------------------------------


def kicked_and_told_so():
    with two() as (gateway, one, other):
        act(gateway, OWNER, "set_group_kick", group_id=TEA, user_id=TWIN)
        told(one, notice_type="group_decrease", sub_type="kick", user_id=TWIN)
        told(other, notice_type="group_decrease", sub_type="kick_me", user_id=TWIN, self_id=TWIN)
        assert [group["group_id"] for group in data(other, "get_group_list")] == [WORKSHOP]
        assert {group["group_id"] for group in data(one, "get_group_list")} == {TEA, WORKSHOP}
        refused(other, "send_group_msg", group_id=TEA, message="x")
        gateway.say(MEMBER, TEA, "without the twin")
        gateway.say(OWNER, WORKSHOP, "with it")
        no_event_but(other, "with it")
        data(other, "set_group_leave", group_id=WORKSHOP)
        told(other, notice_type="group_decrease", sub_type="leave", user_id=TWIN)
        act(gateway, OWNER, "invite_to_group", group_id=WORKSHOP, account_id=TWIN)
        flag = told(other, "request", sub_type="invite", group_id=WORKSHOP)["flag"]
        assert "flag" in refused(one, "set_group_add_request", flag=flag, sub_type="invite")
        data(other, "set_group_add_request", flag=flag, sub_type="invite")
        told(other, notice_type="group_increase", sub_type="invite", user_id=TWIN)


def friends_are_each_ones_own():
    with two() as (gateway, one, other):
        act(gateway, MEMBER, "delete_friend", account_id=TWIN)
        data(one, "send_private_msg", user_id=MEMBER, message="still friends")
        assert "friend" in refused(other, "send_private_msg", user_id=MEMBER, message="x")
        act(gateway, MEMBER, "add_friend", account_id=TWIN, comment="again")
        flag = told(other, "request", request_type="friend", user_id=MEMBER)["flag"]
        assert "flag" in refused(one, "set_friend_add_request", flag=flag)
        data(other, "set_friend_add_request", flag=flag, remark="K")
        told(other, notice_type="friend_add", user_id=MEMBER, self_id=TWIN)
        remarks = {friend["user_id"]: friend["remark"] for friend in data(other, "get_friend_list")}
        assert remarks[MEMBER] == "K", remarks
        gateway.say(MEMBER, None, "marker")
        no_event_but(one, "marker")
        data(one, "send_like", user_id=MEMBER, times=10)
        refused(one, "send_like", user_id=MEMBER)
        data(other, "send_like", user_id=MEMBER, times=10)


def several_admins_are_asked():
    """Each that may let somebody in hears of it; the first answer counts."""
    with two() as (gateway, one, other):
        act(gateway, OWNER, "set_group_admin", group_id=WORKSHOP, user_id=TWIN)
        for bot in (one, other):
            told(bot, notice_type="group_admin", sub_type="set", user_id=TWIN)
        act(gateway, MEMBER, "join_group", group_id=WORKSHOP, comment="please")
        flags = {told(bot, "request", sub_type="add", user_id=MEMBER)["flag"] for bot in (one, other)}
        assert len(flags) == 1, flags
        flag = flags.pop()
        data(other, "set_group_add_request", flag=flag, sub_type="add")
        for bot in (one, other):
            told(bot, notice_type="group_increase", operator_id=TWIN, user_id=MEMBER)
        assert "flag" in refused(one, "set_group_add_request", flag=flag, sub_type="add")


def a_person_becomes_an_account():
    with Gateway() as gateway, gateway.bot() as one:
        told(one, "meta_event")
        before = data(one, "get_group_member_list", group_id=TEA)
        try:
            gateway.bot(f"/{ADMIN}").close()
            raise AssertionError("she is no account yet")
        except Refused as no:
            assert no.status == 404, no.status
        answer = change(gateway, user_id=ADMIN)
        assert [item["user_id"] for item in answer] == [BOT, ADMIN], answer
        assert answer[1]["path"] == f"/{ADMIN}" and answer[1]["nickname"] == "Mira", answer
        assert data(one, "get_group_member_list", group_id=TEA) == before  # she was there already
        with gateway.bot(f"/{ADMIN}") as mira:
            told(mira, "meta_event", self_id=ADMIN)
            data(mira, "set_group_ban", group_id=TEA, user_id=MEMBER, duration=5)
            told(one, notice_type="group_ban", operator_id=ADMIN)
            for path, body in (("/api/say", {"user_id": ADMIN, "text": "x"}),
                               ("/api/act", {"user_id": ADMIN, "action": "delete_friend"})):
                status, _, answer = gateway.ask("POST", path, body)
                assert status == 403 and "OneBot" in answer["error"], answer
            change(gateway, user_id=ADMIN, open=False)
            try:
                while True:
                    mira.receive()
            except Closed as closed:
                assert closed.code == 1001, closed.code
        gateway.say(ADMIN, TEA, "a person again")
        told(one, "message", user_id=ADMIN, raw_message="a person again")
        assert list(accounts(gateway)) == [BOT]
        change(gateway, user_id=ADMIN, nickname="米拉")  # and back
        with gateway.bot(f"/{ADMIN}") as mira:
            assert data(mira, "get_login_info")["nickname"] == "米拉"


def somebody_new_comes():
    with Gateway() as gateway, gateway.bot() as one, WebSocket(gateway.page, "/api/live") as page:
        told(one, "meta_event")
        while page.receive()["kind"] != "ready":
            pass
        change(gateway, user_id=TWIN, nickname="新来的")
        for group in (TEA, WORKSHOP):
            told(one, notice_type="group_increase", sub_type="invite", group_id=group, user_id=TWIN,
                 operator_id=OWNER)
        while (frame := page.receive())["kind"] != "world":
            pass
        assert [item["user_id"] for item in frame["accounts"]] == [BOT, TWIN], frame
        assert frame["people"][-1] == {"user_id": TWIN, "nickname": "新来的"}, frame
        assert data(one, "get_stranger_info", user_id=TWIN)["nickname"] == "新来的"


def wrong_changes():
    with Gateway() as gateway:
        for status, body in ((400, {}), (400, {"user_id": 0}), (400, {"user_id": "x"}),
                             (400, {"user_id": 80000000}), (400, {"user_id": TWIN, "nickname": 5}),
                             (400, {"user_id": TWIN, "nickname": "n" * 64}), (400, []),
                             (400, {"user_id": TWIN, "open": 5}),
                             (400, {"user_id": TWIN, "report_self": "?"}),
                             (403, {"user_id": BOT, "open": False}),
                             (404, {"user_id": ADMIN, "open": False}),
                             (404, {"user_id": TWIN, "open": False})):
            got, _, answer = gateway.ask("POST", "/api/accounts", body)
            assert got == status and answer["error"], (body, got, answer)
        assert list(accounts(gateway)) == [BOT]
        assert gateway.ask("PUT", "/api/accounts", {})[0] == 405
        change(gateway, user_id=TWIN, nickname="n" * 63)


# --- doors, tokens, faults ------------------------------------------------------------------


def lines(gateway, count):
    return [gateway.process.stdout.readline() for _ in range(count)]


def port_of(line):
    return int(line.split(" as ")[0].strip().rstrip("/").rsplit(":", 1)[1])


def doors_of_one_account():
    here = "127.0.0.1:0"
    with Gateway("--onebot", f"{ADMIN}@{here}", "--http", here, "--http", f"{TWIN}@{here}") as gateway:
        every, http, mira = lines(gateway, 3)
        assert every.startswith("http http://") and " as " not in every, every
        assert http.endswith(f"/ as {TWIN}\n") and mira.endswith(f" as {ADMIN}\n"), (http, mira)
        assert list(accounts(gateway)) == [BOT, ADMIN, TWIN]
        with keeping(WebSocket(port_of(mira), "/")) as bot:
            told(bot, "meta_event", self_id=ADMIN)
            assert data(bot, "get_login_info")["user_id"] == ADMIN
        for port, path, status in ((port_of(mira), f"/{BOT}", 404), (port_of(mira), f"/{ADMIN}", 404),
                                   (gateway.onebot, "/10003", 404), (gateway.onebot, "/99", 404),
                                   (gateway.onebot, "/99999999999999999999999", 404),
                                   (gateway.onebot, f"/{ADMIN}/x", 404),
                                   (gateway.onebot, f"/{ADMIN}x", 404),
                                   (gateway.onebot, f"//{ADMIN}", 404)):
            try:
                WebSocket(port, path).close()
                raise AssertionError(f"{path} was accepted")
            except Refused as no:
                assert no.status == status, (path, no.status)
        for path in (f"/{ADMIN}", f"/{ADMIN}/", f"/{ADMIN}/event", f"/{ADMIN}/event/"):
            with gateway.bot(path) as bot:
                told(bot, "meta_event", self_id=ADMIN)
        for port, path, number in ((port_of(every), "/get_login_info", BOT),
                                   (port_of(every), f"/{ADMIN}/get_login_info", ADMIN),
                                   (port_of(every), f"/{TWIN}/get_login_info/", TWIN),
                                   (port_of(http), "/get_login_info", TWIN)):
            status, _, answer = gateway.ask("GET", path, port=port)
            assert status == 200 and answer["data"]["user_id"] == number, (path, answer)
        for port, path in ((port_of(every), "/10003/get_status"), (port_of(every), f"/{TWIN}"),
                           (port_of(http), f"/{TWIN}/get_status")):
            assert gateway.ask("GET", path, port=port)[0] == 404, path


def pages_are_told_the_doors():
    """One that is open to all, whichever is named first; else each account's own."""
    here = "127.0.0.1:0"
    for more in (["--onebot", here], ["--onebot", f"{BOT}@{here}"]):
        with Gateway(*more, onebot=f"{TWIN}@{here}") as gateway, WebSocket(gateway.page, "/api/live") as page:
            hello, last = page.receive(), lines(gateway, 1)[0].split()[1]
            own = {str(TWIN): f"ws://127.0.0.1:{gateway.onebot}"}
            assert hello["onebot"] == (last if more[1] == here else ""), hello["onebot"]
            assert hello["onebot_of"] == (own if more[1] == here else {**own, str(BOT): last}), hello


def tokens_of_their_own():
    def status_of(gateway, path, token):
        try:
            gateway.bot(path, f"Authorization: Bearer {token}").close()
            return 101
        except Refused as no:
            return no.status

    with Gateway("--token", "common", "--account", str(ADMIN), "--account-token", f"{TWIN}:own",
                 "--account", f"{MEMBER}:K", env={f"XIE_TOKEN_{MEMBER}": "hidden"}) as gateway:
        for path, good in (("/", "common"), (f"/{ADMIN}", "common"), (f"/{TWIN}", "own"),
                           (f"/{MEMBER}", "hidden")):
            for token in ("common", "own", "hidden", "none"):
                expected = 101 if token == good else 403
                assert status_of(gateway, path, token) == expected, (path, token)
    with Gateway("--account-token", f"{TWIN}:own") as gateway:
        gateway.bot().close()  # the others ask for nothing
        assert status_of(gateway, f"/{TWIN}", "x") == 403


def faults_of_one_account():
    with two() as (gateway, one, other):
        status, _, answer = gateway.ask("POST", f"/api/faults?account={TWIN}",
                                        {"refuse": -1, "duplicate_events": True})
        assert status == 200 and answer["refuse"] == -1, answer
        assert gateway.ask("GET", "/api/faults")[2]["refuse"] == 0
        assert gateway.ask("GET", f"/api/faults?account={TWIN}")[2]["refuse"] == -1
        for query, code in (("?account=99", 404), ("?account=x", 400), (f"?account={ADMIN}", 404)):
            assert gateway.ask("GET", "/api/faults" + query)[0] == code, query
        data(one, "get_status")
        refused(other, "get_status")
        gateway.say(MEMBER, TEA, "once or twice")
        for bot in (one, other, other):
            told(bot, "message", raw_message="once or twice")
        gateway.say(MEMBER, TEA, "marker")
        no_event_but(one, "marker")
        gateway.ask("POST", f"/api/faults?account={TWIN}", {"disconnect": 1})
        other.send({"action": "get_status"})
        try:
            while True:
                other.receive()
        except Closed:
            pass
        assert data(one, "get_status")["good"]


def restarting_one_account():
    with two() as (gateway, one, other):
        other.send({"action": "set_restart"})
        try:
            while True:
                other.receive()
        except Closed as closed:
            assert closed.code == 1001, closed.code
        assert data(one, "get_status")["good"]
        with gateway.bot(f"/{TWIN}") as again:
            told(again, "meta_event", self_id=TWIN)


@contextlib.contextmanager
def listening():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener, f"ws://127.0.0.1:{listener.getsockname()[1]}/"


def reverse_of_two():
    """Each says who it is; one that is closed stays away until it is an account again."""
    with listening() as (first, url), listening() as (second, other), \
            Gateway("--reverse", url, "--reverse", f"{TWIN}@{other}", "--token", "common",
                    "--account-token", f"{TWIN}:own") as gateway:
        with keeping(Accepted(first)) as one, keeping(Accepted(second)) as twin:
            assert one.fields["x-self-id"] == str(BOT) and twin.fields["x-self-id"] == str(TWIN)
            assert one.fields["authorization"] == "Bearer common"
            assert twin.fields["authorization"] == "Bearer own"
            one.accept()
            twin.accept()
            told(one, "meta_event", self_id=BOT)
            told(twin, "meta_event", self_id=TWIN)
            assert data(twin, "get_login_info")["user_id"] == TWIN
            change(gateway, user_id=TWIN, open=False)
            try:
                while True:
                    twin.receive()
            except Closed as closed:
                assert closed.code == 1001, closed.code
            assert data(one, "get_status")["good"]
        change(gateway, user_id=TWIN)
        with keeping(Accepted(second)) as twin:
            twin.accept()
            told(twin, "meta_event", self_id=TWIN)


# --- many, and races ------------------------------------------------------------------------


def fifty_at_once():
    """Fifty accounts, each with a bot; each hears the others once, and itself not."""
    numbers = range(30000, 30050)
    with contextlib.ExitStack() as stack:
        gateway = stack.enter_context(Gateway(*(word for number in numbers
                                                for word in ("--account", str(number)))))
        bots = [stack.enter_context(gateway.bot(f"/{number}")) for number in numbers]
        for bot, number in zip(bots, numbers):
            told(bot, "meta_event", self_id=number)
        assert len(data(bots[0], "get_group_member_list", group_id=TEA)) == 56
        ids = [data(bot, "send_group_msg", group_id=TEA, message=f"from {number}")["message_id"]
               for bot, number in zip(bots[:2], numbers)]
        for index, (bot, number) in enumerate(zip(bots, numbers)):
            for speaker, one in enumerate(ids):
                if speaker != index:
                    told(bot, "message", self_id=number, message_id=one)
        with concurrent.futures.ThreadPoolExecutor(10) as pool:
            got = list(pool.map(lambda bot: data(bot, "get_login_info")["user_id"], bots))
        assert got == list(numbers), got


def there_is_room_for_so_many():
    for last in (["--account", "30063"], ["--account", str(BOT), "--account", "30063"],
                 ["--reverse", "30063@ws://127.0.0.1:1/"]):
        ended = run("--onebot", "127.0.0.1:0", "--page", "127.0.0.1:0",
                    *(word for number in range(30000, 30063) for word in ("--account", str(number))), *last)
        assert ended.returncode == 2 and "one account too many" in ended.stderr, ended
    with Gateway(*(word for number in [BOT, *range(30000, 30063)]
                   for word in ("--account", str(number)))) as gateway:
        assert len(accounts(gateway)) == 64
        assert "room" in change(gateway, 409, user_id=40000)["error"]
        change(gateway, user_id=30000, open=False)
        assert "room" in change(gateway, 409, user_id=40000)["error"]  # those that were count too
        change(gateway, user_id=30000)


def closed_with_calls_in_flight():
    """Calls that were sent before are answered, or end with the connection; nothing else breaks."""
    with Gateway("--account", str(TWIN)) as gateway, gateway.bot() as one:
        for count in (0, 1, 20, 300):
            with gateway.bot(f"/{TWIN}") as twin:
                told(twin, "meta_event", self_id=TWIN)
                gateway.ask("POST", f"/api/faults?account={TWIN}", {"delay_ms": 600000} if count == 20
                            else {"reorder": 100} if count == 300 else {})
                for number in range(count):
                    twin.send({"action": "send_group_msg_rate_limited" if number % 7 == 0
                               else "get_status", "echo": number,
                               "params": {"group_id": TEA, "message": "late"}})
                change(gateway, user_id=TWIN, open=False)
                try:
                    while True:
                        twin.receive()
                except Closed:
                    pass
            change(gateway, user_id=TWIN)
        assert data(one, "get_status")["good"]
        assert accounts(gateway)[TWIN]["bots"] == 0


def two_connections_race():
    """Two bots of one account and one of another, all calling at once: each gets its own answers."""
    with two() as (gateway, one, other), gateway.bot(f"/{TWIN}/api") as third, \
            concurrent.futures.ThreadPoolExecutor(3) as pool:
        def calls(bot, name):
            got = []
            for number in range(200):
                bot.send({"action": "get_login_info", "echo": f"{name}{number}"})
            while len(got) < 200:
                frame = bot.receive()
                if "post_type" not in frame:
                    got.append((frame["echo"], frame["data"]["user_id"]))
            return got

        for future, name, number in [(pool.submit(calls, bot, name), name, number) for bot, name, number
                                     in ((one, "a", BOT), (other, "b", TWIN), (third, "c", TWIN))]:
            assert future.result(BOUND) == [(f"{name}{i}", number) for i in range(200)]


def opened_and_closed_while_they_connect():
    with Gateway() as gateway, concurrent.futures.ThreadPoolExecutor(4) as pool:
        def connect(_):
            try:
                with gateway.bot(f"/{TWIN}") as bot:
                    while True:
                        bot.receive()
            except Refused as no:
                return no.status
            except Closed:
                return 0

        futures = [pool.submit(connect, number) for number in range(40)]
        while not all(future.done() for future in futures):
            change(gateway, user_id=TWIN)
            change(gateway, user_id=TWIN, open=False)
        assert {future.result(BOUND) for future in futures} <= {0, 404}
        change(gateway, user_id=TWIN)
        assert accounts(gateway)[TWIN]["bots"] == 0


def wrong_options():
    for options in (["--account", "x"], ["--account", "0"], ["--account", "-5"], ["--account", ""],
                    ["--account", "99999999999999999999"], ["--account", "5x"],
                    ["--account", "5:" + "名" * 22], ["--account", b"5:\xff"], ["--account", "80000000"], ["--onebot", "80000000@127.0.0.1:0"],
                    ["--account-token", "5"], ["--account-token", "secret"],
                    ["--account-secret", ":x"], ["--onebot", "5@nowhere"], ["--http", "5@"]):
        ended = run("--page", "127.0.0.1:0", *options)
        assert ended.returncode == 2 and options[0] in ended.stderr, (options, ended)
    with Gateway("--account", f"{TWIN}:" + "名" * 21) as gateway:
        assert accounts(gateway)[TWIN]["nickname"] == "名" * 21
    with Gateway("--account", f"{BOT}:换了名字") as gateway, gateway.bot() as bot:
        assert data(bot, "get_login_info") == {"user_id": BOT, "nickname": "换了名字"}


tell([each_is_itself, rights_are_each_ones_own, they_talk_in_a_group, they_talk_in_private,
      private_talks_are_private, own_messages_are_told_if_wanted,
      connections_of_one_account_share_events, kicked_and_told_so, friends_are_each_ones_own,
      several_admins_are_asked, a_person_becomes_an_account, somebody_new_comes, wrong_changes,
      doors_of_one_account, pages_are_told_the_doors, tokens_of_their_own, faults_of_one_account, restarting_one_account,
      reverse_of_two, fifty_at_once, there_is_room_for_so_many, closed_with_calls_in_flight,
      two_connections_race, opened_and_closed_while_they_connect, wrong_options])
