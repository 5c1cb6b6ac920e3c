#!/usr/bin/env python3
"""gateway_world.py - xie-gateway's groups and friends as they change, told in TAP.

usage: gateway_world.py PROGRAM [NAME-PART]
The bot acts by OneBot, people by POST /api/act; each change is heard by the bot.
"""
# SPDX-License-Identifier: MIT
import os
import sys
import tempfile

sys.dont_write_bytecode = True
from simulated import Gateway, Skip, call, data, event, tell  # noqa: E402
from websocket import Closed, WebSocket  # noqa: E402

TEA, WORKSHOP = 20001, 20002  # in the latter the bot is an admin
BOT, OWNER, ADMIN, MEMBER = 10000, 10001, 10002, 10003


def act(gateway, who, action, **params):
    """A person acts; what the action gives."""
    status, _, answer = gateway.ask("POST", "/api/act",
                                    {"user_id": who, "action": action, "params": params})
    assert status == 200, (status, answer)
    return answer["data"]


def may_not(gateway, who, action, **params):
    status, _, answer = gateway.ask("POST", "/api/act",
                                    {"user_id": who, "action": action, "params": params})
    assert status == 403, (status, answer)
    return answer["error"]


def refused(bot, action, retcode=100, **params):
    reply = call(bot, action, **params)
    assert (reply["status"], reply["retcode"], reply["data"]) == ("failed", retcode, None), reply
    assert reply["wording"] == reply["message"] != "", reply


def told(bot, post_type="notice", **expected):
    """The next event has these fields."""
    got = event(bot, post_type)
    assert got["self_id"] == BOT and got["time"] > 0, got
    assert {key: got.get(key) for key in expected} == expected, got
    return got


def cannot_say(gateway, who, group, **more):
    status, _, answer = gateway.ask("POST", "/api/say",
                                    {"user_id": who, "group_id": group, "text": "x", **more})
    assert status == 403, (status, answer)
    return answer["error"]


def members(bot, group):
    return {one["user_id"]: one for one in data(bot, "get_group_member_list", group_id=group)}


def kicking():
    with Gateway() as gateway, gateway.bot() as bot, gateway.bot("/event") as ear:
        refused(bot, "set_group_kick", group_id=TEA, user_id=MEMBER)  # a member itself there
        refused(bot, "set_group_kick", group_id=WORKSHOP, user_id=OWNER)
        refused(bot, "set_group_kick", group_id=WORKSHOP, user_id=MEMBER)  # who is not in it
        refused(bot, "set_group_kick", group_id=3, user_id=MEMBER)
        refused(bot, "set_group_kick", 1400, group_id=WORKSHOP)
        assert data(bot, "set_group_kick", group_id=WORKSHOP, user_id=ADMIN) is None
        told(ear, notice_type="group_decrease", sub_type="kick", group_id=WORKSHOP, user_id=ADMIN,
             operator_id=BOT)
        assert set(members(bot, WORKSHOP)) == {BOT, OWNER}
        cannot_say(gateway, ADMIN, WORKSHOP)
        # Back again by asking; barred, no more.
        act(gateway, ADMIN, "join_group", group_id=WORKSHOP, comment="sorry")
        asked = told(ear, "request", request_type="group", sub_type="add", group_id=WORKSHOP,
                     user_id=ADMIN, comment="sorry")
        data(bot, "set_group_add_request", flag=asked["flag"], sub_type="add")
        told(ear, notice_type="group_increase", sub_type="approve", user_id=ADMIN, operator_id=BOT)
        assert members(bot, WORKSHOP)[ADMIN]["role"] == "member"
        data(bot, "set_group_kick", group_id=WORKSHOP, user_id=ADMIN, reject_add_request=True)
        may_not(gateway, ADMIN, "join_group", group_id=WORKSHOP)
        refused(bot, "set_group_add_request", flag=asked["flag"], sub_type="add")  # answered


def the_bot_is_kicked_and_comes_back():
    with Gateway() as gateway, gateway.bot("/api") as bot, gateway.bot("/event") as ear:
        act(gateway, ADMIN, "set_group_kick", group_id=TEA, user_id=BOT)
        told(ear, notice_type="group_decrease", sub_type="kick_me", group_id=TEA, user_id=BOT,
             operator_id=ADMIN)
        assert [one["group_id"] for one in data(bot, "get_group_list")] == [WORKSHOP]
        refused(bot, "get_group_member_list", group_id=TEA)  # who is in it is not for it to see
        refused(bot, "get_group_member_info", group_id=TEA, user_id=OWNER)
        assert data(bot, "get_group_info", group_id=TEA)["member_count"] == 5
        refused(bot, "send_group_msg", group_id=TEA, message="still here?")
        gateway.say(OWNER, TEA, "between us")  # the bot hears nothing of it
        act(gateway, OWNER, "invite_to_group", group_id=TEA)
        asked = told(ear, "request", request_type="group", sub_type="invite", group_id=TEA,
                     user_id=OWNER)
        refused(bot, "set_group_add_request", 1400, flag=asked["flag"], sub_type="add")
        data(bot, "set_group_add_request", flag=asked["flag"], type="invite")
        told(ear, notice_type="group_increase", sub_type="invite", user_id=BOT, operator_id=OWNER)
        may_not(gateway, OWNER, "invite_to_group", group_id=TEA)
        data(bot, "send_group_msg", group_id=TEA, message="back")


def leaving():
    with Gateway() as gateway, gateway.bot() as bot, gateway.bot("/event") as ear:
        act(gateway, 10005, "set_group_leave", group_id=TEA)
        told(ear, notice_type="group_decrease", sub_type="leave", user_id=10005, operator_id=10005)
        data(bot, "set_group_leave", group_id=WORKSHOP)
        told(ear, notice_type="group_decrease", sub_type="leave", user_id=BOT)
        may_not(gateway, OWNER, "set_group_leave", group_id=TEA)  # it must be meant
        act(gateway, OWNER, "set_group_leave", group_id=TEA, is_dismiss=True)
        assert data(bot, "get_group_list") == []


def roles():
    with Gateway() as gateway, gateway.bot() as bot, gateway.bot("/event") as ear:
        refused(bot, "set_group_admin", group_id=WORKSHOP, user_id=ADMIN)  # the owner's to do
        act(gateway, OWNER, "set_group_admin", group_id=TEA, user_id=BOT)
        told(ear, notice_type="group_admin", sub_type="set", group_id=TEA, user_id=BOT)
        assert members(bot, TEA)[BOT]["role"] == "admin"
        act(gateway, OWNER, "set_group_admin", group_id=TEA, user_id=BOT)  # nothing new: not told
        act(gateway, OWNER, "set_group_admin", group_id=TEA, user_id=BOT, enable=False)
        told(ear, notice_type="group_admin", sub_type="unset")
        may_not(gateway, OWNER, "set_group_admin", group_id=TEA, user_id=OWNER)


def muting():
    with Gateway() as gateway, gateway.bot() as bot, gateway.bot("/event") as ear:
        data(bot, "set_group_ban", group_id=WORKSHOP, user_id=ADMIN, duration="60")
        told(ear, notice_type="group_ban", sub_type="ban", group_id=WORKSHOP, user_id=ADMIN,
             operator_id=BOT, duration=60)
        assert "muted" in cannot_say(gateway, ADMIN, WORKSHOP)
        data(bot, "set_group_ban", group_id=WORKSHOP, user_id=ADMIN, duration=0)
        told(ear, notice_type="group_ban", sub_type="lift_ban", duration=0)
        gateway.say(ADMIN, WORKSHOP, "thanks")
        refused(bot, "set_group_ban", 1400, group_id=WORKSHOP, user_id=ADMIN, duration=-1)
        refused(bot, "set_group_ban", 1400, group_id=WORKSHOP, user_id=ADMIN, duration=2592001)
        data(bot, "set_group_ban", group_id=WORKSHOP, user_id=ADMIN, duration=2592000)
        act(gateway, OWNER, "set_group_ban", group_id=TEA, user_id=BOT)  # half an hour
        while told(ear, notice_type="group_ban")["user_id"] != BOT:
            pass
        refused(bot, "send_group_msg", group_id=TEA, message="mmh")


def muting_all():
    with Gateway() as gateway, gateway.bot("/api") as bot, gateway.bot("/event") as ear:
        refused(bot, "set_group_whole_ban", group_id=TEA)
        act(gateway, ADMIN, "set_group_whole_ban", group_id=TEA)
        told(ear, notice_type="group_ban", sub_type="ban", user_id=0, duration=-1)
        cannot_say(gateway, MEMBER, TEA)
        gateway.say(ADMIN, TEA, "silence")
        refused(bot, "send_group_msg", group_id=TEA, message="mmh")
        act(gateway, ADMIN, "set_group_whole_ban", group_id=TEA, enable="no")
        told(ear, notice_type="group_ban", sub_type="lift_ban", user_id=0)
        data(bot, "send_group_msg", group_id=TEA, message="ah")


def anonymous():
    with Gateway() as gateway, gateway.bot("/api") as bot, gateway.bot("/event") as ear:
        mask = {"user_id": MEMBER, "group_id": TEA, "text": "guess who", "anonymous": True}
        status, _, said = gateway.ask("POST", "/api/say", mask)
        assert status == 200, said
        got = told(ear, "message", sub_type="anonymous", user_id=80000000, group_id=TEA)
        assert set(got["anonymous"]) == {"id", "name", "flag"}, got
        assert got["sender"]["nickname"] == got["anonymous"]["name"], got
        assert str(MEMBER) not in str({**got, "message_id": 0, "time": 0}), got
        assert data(bot, "get_msg", message_id=said["message_id"])["sender"]["user_id"] == 80000000
        act(gateway, OWNER, "set_essence_msg", message_id=said["message_id"])
        told(ear, notice_type="essence", sender_id=80000000)
        best = data(bot, "get_essence_msg_list", group_id=TEA)[0]
        assert (best["sender_id"], best["sender_nick"]) == (80000000, got["anonymous"]["name"]), best
        assert str(MEMBER) not in call(bot, "delete_msg", message_id=said["message_id"])["message"]
        act(gateway, MEMBER, "delete_msg", message_id=said["message_id"])  # neither says who
        told(ear, notice_type="group_recall", user_id=80000000, operator_id=80000000)
        refused(bot, "set_group_anonymous_ban", group_id=TEA, flag=got["anonymous"]["flag"])
        act(gateway, OWNER, "set_group_admin", group_id=TEA, user_id=BOT)
        refused(bot, "set_group_anonymous_ban", group_id=TEA, flag="nobody's")
        refused(bot, "set_group_anonymous_ban", 1400, group_id=TEA)
        data(bot, "set_group_anonymous_ban", group_id=TEA, anonymous=got["anonymous"])
        cannot_say(gateway, MEMBER, TEA, anonymous=True)
        gateway.say(MEMBER, TEA, "under my name I can")
        for key in ("flag", "anonymous_flag"):
            data(bot, "set_group_anonymous_ban", group_id=TEA, duration=0,
                 **{key: got["anonymous"]["flag"]})
        gateway.ask("POST", "/api/say", mask)
        data(bot, "set_group_anonymous", group_id=TEA, enable=False)
        assert "anonymously" in cannot_say(gateway, 10004, TEA, anonymous=True)


def bots_are_anonymous():
    """By a segment before the rest; where it may not be, with ignore under its name."""
    with Gateway("--account", "10010") as gateway, gateway.bot("/api") as bot, \
            gateway.bot("/event") as ear, gateway.bot("/10010/event") as other:
        data(bot, "send_msg", group_id=TEA, message="[CQ:anonymous]guess who")
        got = event(other, "message")
        assert (got["sub_type"], got["user_id"], got["raw_message"]) == ("anonymous", 80000000, "guess who"), got
        plain = [{"type": "anonymous", "data": {"ignore": 1}}, {"type": "text", "data": {"text": "me"}}]
        data(bot, "send_msg", group_id=WORKSHOP, message=plain)  # which does not allow it
        got = event(other, "message")
        assert (got["sub_type"], got["user_id"], got["raw_message"]) == ("normal", BOT, "me"), got
        refused(bot, "send_msg", group_id=WORKSHOP, message="[CQ:anonymous,ignore=0]x")
        refused(bot, "send_msg", user_id=OWNER, message="[CQ:anonymous]x")
        refused(bot, "send_msg", group_id=TEA, message="[CQ:anonymous]")  # and nothing else
        gateway.say(MEMBER, TEA, "it does not hear itself")
        told(ear, "message", user_id=MEMBER)


def names():
    with Gateway() as gateway, gateway.bot() as bot, gateway.bot("/event") as ear:
        old = members(bot, TEA)[BOT]["card"]
        data(bot, "set_group_card", group_id=TEA, user_id=BOT, card="小二")  # one's own
        told(ear, notice_type="group_card", card_new="小二", card_old=old, user_id=BOT)
        refused(bot, "set_group_card", group_id=TEA, user_id=OWNER, card="x")
        refused(bot, "set_group_card", 1400, group_id=TEA, user_id=BOT, card="x" * 64)
        data(bot, "set_group_card", group_id=TEA, user_id=BOT, card="x" * 63)
        told(ear, notice_type="group_card", card_new="x" * 63, card_old="小二")
        data(bot, "set_group_card", group_id=TEA, user_id=BOT)
        told(ear, notice_type="group_card", card_new="")
        assert members(bot, TEA)[BOT]["card"] == ""
        refused(bot, "set_group_name", group_id=TEA, group_name="x")
        refused(bot, "set_group_name", 1400, group_id=WORKSHOP, group_name="")
        data(bot, "set_group_name", group_id=WORKSHOP, group_name="新名字")
        told(ear, notice_type="notify", sub_type="group_name", name_new="新名字")
        assert data(bot, "get_group_info", group_id=WORKSHOP)["group_name"] == "新名字"
        refused(bot, "set_group_special_title", group_id=TEA, user_id=MEMBER, special_title="x")
        act(gateway, OWNER, "set_group_special_title", group_id=TEA, user_id=BOT,
            special_title="头牌")
        told(ear, notice_type="notify", sub_type="title", title="头牌", user_id=BOT)
        one = members(bot, TEA)[BOT]
        assert (one["title"], one["title_expire_time"]) == ("头牌", -1), one


def friends():
    with Gateway() as gateway, gateway.bot("/api") as bot, gateway.bot("/event") as ear:
        may_not(gateway, MEMBER, "add_friend")
        act(gateway, MEMBER, "delete_friend")
        cannot_say(gateway, MEMBER, None)
        refused(bot, "send_private_msg", user_id=MEMBER, message="hello?")
        assert MEMBER not in [one["user_id"] for one in data(bot, "get_friend_list")]
        act(gateway, MEMBER, "add_friend", comment="again")
        asked = told(ear, "request", request_type="friend", user_id=MEMBER, comment="again")
        assert "group_id" not in asked, asked
        refused(bot, "set_group_add_request", 1400, flag=asked["flag"], sub_type="add")
        data(bot, "set_friend_add_request", flag=asked["flag"], approve=False)
        refused(bot, "set_friend_add_request", flag=asked["flag"])
        act(gateway, MEMBER, "add_friend")
        asked = told(ear, "request", request_type="friend")
        data(bot, "set_friend_add_request", flag=asked["flag"], remark="老朋友")
        told(ear, notice_type="friend_add", user_id=MEMBER)
        assert {"user_id": MEMBER, "nickname": "老K", "remark": "老朋友"} in data(bot, "get_friend_list")
        for flag in ("0", "-1", "3", "x", "", None):
            refused(bot, "set_friend_add_request", flag=flag)


def requests_are_kept_in_number():
    with Gateway() as gateway, gateway.bot() as bot:
        act(gateway, MEMBER, "delete_friend")
        flags = []
        for _ in range(101):
            act(gateway, MEMBER, "add_friend")
            flags.append(told(bot, "request")["flag"])
        refused(bot, "set_friend_add_request", flag=flags[0])
        data(bot, "set_friend_add_request", flag=flags[1], approve=False)


def answers_that_come_too_late():
    with Gateway() as gateway, gateway.bot("/api") as bot, gateway.bot("/event") as ear:
        def asked(who, action, group):
            act(gateway, who, action, group_id=group)
            return told(ear, "request", user_id=who)["flag"]

        def answer(flag, sub_type="add", **more):
            return call(bot, "set_group_add_request", flag=flag, sub_type=sub_type, **more)

        first, second = (asked(MEMBER, "join_group", WORKSHOP) for _ in range(2))
        third = asked(10004, "join_group", WORKSHOP)
        act(gateway, OWNER, "set_group_admin", group_id=WORKSHOP, user_id=BOT, enable=False)
        for approve in (True, False):  # no admin any more
            reply = answer(first, approve=approve)
            assert reply["retcode"] == 100 and "admin" in reply["message"], reply
        act(gateway, OWNER, "set_group_admin", group_id=WORKSHOP, user_id=BOT)
        assert answer(first)["status"] == "ok"  # it went on waiting
        data(bot, "set_group_kick", group_id=WORKSHOP, user_id=MEMBER, reject_add_request=True)
        assert answer(second)["retcode"] == 100  # barred meanwhile
        assert MEMBER not in members(bot, WORKSHOP)
        assert answer(second, approve=False)["status"] == "ok"
        data(bot, "set_group_leave", group_id=WORKSHOP)
        assert answer(third)["retcode"] == 100  # the bot has left
        act(gateway, ADMIN, "set_group_kick", group_id=TEA, user_id=BOT)
        first = asked(MEMBER, "invite_to_group", TEA)
        second = asked(OWNER, "invite_to_group", TEA)
        act(gateway, MEMBER, "set_group_leave", group_id=TEA)
        assert answer(first, "invite")["retcode"] == 100  # who invited has left
        assert data(bot, "get_group_list") == []
        assert answer(first, "invite", approve=False)["status"] == "ok"
        assert answer(second, "invite")["status"] == "ok"
        assert [one["group_id"] for one in data(bot, "get_group_list")] == [TEA]


def pokes_and_honours():
    with Gateway() as gateway, gateway.bot("/api") as bot, gateway.bot("/event") as ear:
        act(gateway, MEMBER, "send_poke", group_id=TEA, target_id=BOT)
        told(ear, notice_type="notify", sub_type="poke", group_id=TEA, user_id=MEMBER,
             target_id=BOT)
        act(gateway, MEMBER, "send_poke", target_id=BOT)
        assert "group_id" not in told(ear, notice_type="notify", sub_type="poke", user_id=MEMBER)
        data(bot, "group_poke", group_id=TEA, user_id=MEMBER)
        data(bot, "friend_poke", user_id=MEMBER)
        refused(bot, "send_poke", group_id=TEA, user_id=1)
        refused(bot, "send_poke", user_id=BOT)
        may_not(gateway, MEMBER, "send_poke", target_id=ADMIN)  # between people
        act(gateway, OWNER, "lucky_king", group_id=TEA, target_id=ADMIN)
        while told(ear, notice_type="notify")["sub_type"] == "poke":
            pass
        act(gateway, ADMIN, "honor", group_id=TEA, honor_type="talkative")
        told(ear, notice_type="notify", sub_type="honor", honor_type="talkative", user_id=ADMIN)
        every = data(bot, "get_group_honor_info", group_id=TEA, type="all")
        assert set(every) == {"group_id", "current_talkative"} | {
            f"{kind}_list" for kind in ("talkative", "performer", "emotion", "legend",
                                        "strong_newbie")}, every
        best = every["current_talkative"]
        assert (best["user_id"], best["day_count"]) == (ADMIN, 1) and every["emotion_list"] == []
        one = data(bot, "get_group_honor_info", group_id=TEA, type="performer")
        assert one == {"group_id": TEA, "performer_list": []}, one
        refused(bot, "get_group_honor_info", 1400, group_id=TEA, type="other")


def the_account():
    with Gateway() as gateway, gateway.bot() as bot:
        data(bot, "send_like", user_id=MEMBER, times=9)
        data(bot, "send_like", user_id=MEMBER)
        refused(bot, "send_like", user_id=MEMBER)
        refused(bot, "send_like", 1400, user_id=ADMIN, times=11)
        refused(bot, "send_like", user_id=1)
        both = data(bot, "get_credentials", domain="qun.qq.com")
        assert both == {**data(bot, "get_cookies"),
                        "csrf_token": data(bot, "get_csrf_token")["token"]}, both
        assert data(bot, "clean_cache") is None
        assert data(bot, "can_send_image") == data(bot, "can_send_record") == {"yes": True}


def restarting():
    with Gateway() as gateway, gateway.bot() as bot, gateway.bot("/event") as ear:
        refused(bot, "set_restart", 1400, delay=-1)
        assert call(bot, "set_restart", delay=1000)["status"] == "async"
        refused(bot, "set_restart", 1429, delay=1)  # one at a time
        for peer in (bot, ear):
            try:
                while True:
                    peer.receive()
            except Closed as closed:
                assert closed.code == 1001, closed.code
        with gateway.bot() as again:
            assert data(again, "get_status")["good"]
            assert call(again, "set_restart", delay=600000)["status"] == "async"
            refused(again, "set_restart", 1429)


def quick_operations():
    with Gateway() as gateway, gateway.bot("/api") as bot, gateway.bot("/event") as ear:
        def quick(context, **operation):
            return call(bot, ".handle_quick_operation", context=context, operation=operation)

        said = gateway.say(ADMIN, WORKSHOP, "hi")
        context = told(ear, "message")
        assert quick(context, reply="[CQ:face,id=1]")["status"] == "ok"
        mine = gateway.messages(f"after={said}")[0]
        assert data(bot, "get_msg", message_id=mine["message_id"])["raw_message"] == \
            f"[CQ:at,qq={ADMIN}] [CQ:face,id=1]"
        quick(context, reply="[x]", auto_escape=True, at_sender=False)
        assert gateway.messages(f"after={mine['message_id']}")[0]["text"] == "[x]"
        assert quick(context, delete=True, ban=True, ban_duration=5)["status"] == "ok"
        assert told(ear)["notice_type"] == "group_recall"
        told(ear, notice_type="group_ban", duration=5)
        assert quick(context, kick=True)["status"] == "ok"
        told(ear, notice_type="group_decrease", sub_type="kick")
        assert quick(context, kick=True)["status"] == "failed"  # gone already
        gateway.say(MEMBER, None, "psst")
        assert quick(told(ear, "message"), reply="yes?")["status"] == "ok"
        act(gateway, MEMBER, "delete_friend")
        act(gateway, MEMBER, "add_friend")
        assert quick(told(ear, "request"), approve=True, remark="R")["status"] == "ok"
        told(ear, notice_type="friend_add")
        act(gateway, ADMIN, "join_group", group_id=WORKSHOP)
        assert quick(told(ear, "request"), approve=False, reason="no")["status"] == "ok"
        assert ADMIN not in members(bot, WORKSHOP)
        assert quick({}, approve=True)["retcode"] == 1400
        gateway.ask("POST", "/api/faults", {"string_ids": True})
        said = gateway.say(OWNER, WORKSHOP, "hi")
        context = event(ear, "message")
        assert context["user_id"] == str(OWNER), context
        assert quick(context, reply="x")["status"] == "ok"
        gateway.ask("POST", "/api/faults", {})
        mine = gateway.messages(f"after={said}")[0]["message_id"]
        assert data(bot, "get_msg", message_id=mine)["raw_message"] == f"[CQ:at,qq={OWNER}] x"
        quick({**context, "user_id": None}, reply="y")  # nobody to greet
        assert gateway.messages(f"after={mine}")[0]["text"] == "y"
        assert quick(context, reply=5)["retcode"] == 1400
        act(gateway, 10004, "delete_friend")
        gateway.ask("POST", "/api/say", {"user_id": 10004, "text": "psst", "sub_type": "group"})
        while (context := event(ear, "message"))["user_id"] != 10004:
            pass
        assert quick(context, reply="through the group")["status"] == "ok"
        last = gateway.messages(f"after={context['message_id']}")[0]
        assert (last["text"], last["user_id"]) == ("through the group", BOT), last


def forwards():
    with Gateway() as gateway, gateway.bot("/api") as bot:
        said = gateway.say(MEMBER, TEA, "worth it")
        nodes = [{"type": "node", "data": {"id": str(said)}},
                 {"type": "node", "data": {"uin": "5", "name": "N", "content": "a[CQ:face,id=2]"}},
                 {"type": "node", "data": {"user_id": 6, "nickname": "M",
                                           "content": [{"type": "text", "data": {"text": "t"}}]}}]
        sent = data(bot, "send_group_forward_msg", group_id=TEA, messages=nodes)["message_id"]
        shown = data(bot, "get_msg", message_id=sent)["message"]
        assert [one["type"] for one in shown] == ["forward"], shown
        told_nodes = data(bot, "get_forward_msg", id=shown[0]["data"]["id"])["message"]
        inner = [one["data"] for one in told_nodes]
        assert [(one["user_id"], one["nickname"]) for one in inner] == \
            [(MEMBER, "老K"), (5, "N"), (6, "M")], inner
        assert inner[0]["content"][0]["data"]["text"] == "worth it"
        assert [part["type"] for part in inner[1]["content"]] == ["text", "face"]
        data(bot, "send_msg", user_id=MEMBER, message=nodes)  # nodes as a message: the same
        data(bot, "send_private_forward_msg", user_id=MEMBER, messages=nodes)
        for wrong in ([], {}, [{"type": "text", "data": {"text": "x"}}], nodes * 67,
                      [{"type": "node", "data": {"name": "N"}}], [{"type": "node"}],
                      [{"type": "node", "data": {"uin": 1, "name": "N", "content": 5}}]):
            refused(bot, "send_forward_msg", 1400, group_id=TEA, messages=wrong)
        refused(bot, "send_forward_msg", group_id=TEA,
                messages=[{"type": "node", "data": {"id": 1}}])
        refused(bot, "get_forward_msg", id="99")
        # People open it as well.
        page = f"/api/forward?id={shown[0]['data']['id']}"
        status, _, answer = gateway.ask("GET", page)
        assert status == 200 and answer == {"messages": told_nodes}, (status, answer)
        assert gateway.ask("HEAD", page)[0] == 200
        for query, code in (("", 400), ("?id=", 400), ("?id=99", 404), ("?id=0", 404), ("?id=-1", 404),
                            ("?id=x", 404), ("?id=%FF", 400), ("?id=" + "1" * 40, 400)):
            status, _, answer = gateway.ask("GET", "/api/forward" + query)
            assert status == code and answer["error"], (query, status, answer)
        status, fields, _ = gateway.ask("POST", "/api/forward", {})
        assert status == 405 and fields["Allow"] == "GET, HEAD"


def forwards_are_forgotten():
    with Gateway() as gateway, gateway.bot("/api") as bot:
        nodes = [{"type": "node", "data": {"uin": 5, "name": "N", "content": "x"}}]
        for _ in range(101):  # the latest hundred can be opened
            data(bot, "send_group_forward_msg", group_id=TEA, messages=nodes)
        codes = [gateway.ask("GET", f"/api/forward?id={n}")[0] for n in (1, 2, 101, 102)]
        assert codes == [404, 200, 200, 404], codes


def shown_world(page):
    """What a page is told next of the world."""
    while (frame := page.receive())["kind"] != "world":
        pass
    return (frame["accounts"][0]["friends"],
            {one["group_id"]: {m["user_id"]: m for m in one["members"]} | {"of": one}
             for one in frame["groups"]})


def pages_learn_of_changes():
    """Once for each change, whoever made it, also when bots hear nothing; not without one."""
    with Gateway() as gateway, gateway.bot("/api") as bot:
        act(gateway, OWNER, "set_group_card", group_id=TEA, user_id=OWNER, card="first")
        with WebSocket(gateway.page, "/api/live") as page, \
                WebSocket(gateway.page, "/api/live") as other:
            hello = page.receive()
            assert hello["accounts"] == [{"user_id": BOT, "report_self": False,
                                          "friends": [10001, 10002, 10003, 10004, 10005]}], hello
            for one in (page, other):
                while one.receive()["kind"] != "ready":
                    pass
            act(gateway, OWNER, "set_group_admin", group_id=TEA, user_id=MEMBER)
            for one in (page, other):
                _, groups = shown_world(one)
                assert groups[TEA][MEMBER]["role"] == "admin", groups[TEA]
            gateway.ask("POST", "/api/faults", {"deaf": True})
            act(gateway, OWNER, "set_group_ban", group_id=TEA, user_id=10004, duration=600)
            assert shown_world(page)[1][TEA][10004]["muted_until"] > 0
            act(gateway, MEMBER, "delete_friend")
            assert MEMBER not in shown_world(page)[0]
            act(gateway, OWNER, "set_group_whole_ban", group_id=TEA)
            assert shown_world(page)[1][TEA]["of"]["muted"] is True
            data(bot, "get_status")
            gateway.say(OWNER, TEA, "x")
            act(gateway, OWNER, "set_group_admin", group_id=TEA, user_id=MEMBER)  # is one already
            act(gateway, OWNER, "send_poke", group_id=TEA, target_id=MEMBER)  # changes nothing
            gateway.say(OWNER, TEA, "marker")
            kinds = []
            while (frame := page.receive()).get("text") != "marker":
                kinds.append(frame["kind"])
            assert "world" not in kinds, kinds
            data(bot, "set_group_name", group_id=WORKSHOP, group_name="renamed")
            assert shown_world(page)[1][WORKSHOP]["of"]["name"] == "renamed"
            bot.send({"action": "set_group_name_rate_limited", "echo": 1,
                      "params": {"group_id": WORKSHOP, "group_name": "later"}})
            assert shown_world(page)[1][WORKSHOP]["of"]["name"] == "later"
            assert bot.receive()["status"] == "async"
        # A change that no page saw, and its taking back before the eyes of the next one.
        data(bot, "set_group_name", group_id=WORKSHOP, group_name="unseen")
        with WebSocket(gateway.page, "/api/live") as page:
            while page.receive()["kind"] != "ready":
                pass
            data(bot, "set_group_name", group_id=WORKSHOP, group_name="later")
            assert shown_world(page)[1][WORKSHOP]["of"]["name"] == "later"


def the_past():
    with Gateway() as gateway, gateway.bot("/api") as bot:
        ids = [gateway.say(MEMBER, TEA, f"m{i}") for i in range(25)]
        gateway.say(MEMBER, None, "private")
        texts = lambda got: [one["raw_message"] for one in got["messages"]]  # noqa: E731
        assert texts(data(bot, "get_group_msg_history", group_id=TEA)) == \
            [f"m{i}" for i in range(5, 25)]
        assert texts(data(bot, "get_group_msg_history", group_id=TEA, message_seq=ids[2],
                          count=2)) == ["m1", "m2"]
        assert texts(data(bot, "get_friend_msg_history", user_id=MEMBER)) == ["private"]
        refused(bot, "get_group_msg_history", 1400, group_id=TEA, count=201)
        assert data(bot, "mark_msg_as_read", message_id=ids[0]) is None
        refused(bot, "mark_msg_as_read", message_id=1)
        sent = data(bot, "forward_friend_single_msg", message_id=ids[3], user_id=MEMBER)
        assert data(bot, "get_msg", message_id=sent["message_id"])["raw_message"] == "m3"


def marks():
    with Gateway() as gateway, gateway.bot("/api") as bot, gateway.bot("/event") as ear:
        said = gateway.say(MEMBER, TEA, "nice")
        data(bot, "set_msg_emoji_like", message_id=said, emoji_id="76")
        told(ear, notice_type="group_msg_emoji_like", message_id=said, group_id=TEA,
             likes=[{"emoji_id": "76", "count": 1}])
        act(gateway, OWNER, "set_msg_emoji_like", message_id=said, emoji_id=76)
        told(ear, likes=[{"emoji_id": "76", "count": 2}])
        data(bot, "set_msg_emoji_like", message_id=said, emoji_id="76", set=False)
        told(ear, likes=[{"emoji_id": "76", "count": 1}])
        for number in range(7):
            data(bot, "set_msg_emoji_like", message_id=said, emoji_id=str(number))
        refused(bot, "set_msg_emoji_like", message_id=said, emoji_id="9")
        refused(bot, "set_msg_emoji_like", 1400, message_id=said)
        refused(bot, "set_essence_msg", message_id=said)  # a member may not
        act(gateway, OWNER, "set_essence_msg", message_id=said)
        while told(ear)["notice_type"] != "essence":
            pass
        best = data(bot, "get_essence_msg_list", group_id=TEA)
        assert [(one["message_id"], one["operator_id"]) for one in best] == [(said, OWNER)], best
        act(gateway, OWNER, "delete_essence_msg", message_id=said)
        told(ear, notice_type="essence", sub_type="delete", message_id=said, operator_id=OWNER)
        assert data(bot, "get_essence_msg_list", group_id=TEA) == []


def group_files():
    with Gateway() as gateway, gateway.bot("/api") as bot, gateway.bot("/event") as ear:
        data(bot, "upload_group_file", group_id=TEA, name="me.py", file=os.path.abspath(__file__))
        got = told(ear, notice_type="group_upload", group_id=TEA, user_id=BOT)["file"]
        assert got["name"] == "me.py" and got["size"] > 1000, got
        refused(bot, "upload_group_file", group_id=TEA, name="x", file="/no/such/file")
        refused(bot, "upload_group_file", 1400, group_id=TEA)
        refused(bot, "create_group_file_folder", group_id=TEA, folder_name="F")
        folder = data(bot, "create_group_file_folder", group_id=WORKSHOP, folder_name="F")
        act(gateway, OWNER, "upload_group_file", group_id=WORKSHOP, name="in.txt", size=5,
            folder=folder["folder_id"])
        inner = data(bot, "get_group_files_by_folder", group_id=WORKSHOP, **folder)["files"]
        root = data(bot, "get_group_root_files", group_id=WORKSHOP)
        assert root["files"] == [] and root["folders"][0]["folder_name"] == "F", root
        assert [(one["file_name"], one["file_size"], one["uploader"]) for one in inner] == \
            [("in.txt", 5, OWNER)], inner
        room = data(bot, "get_group_file_system_info", group_id=WORKSHOP)
        assert (room["file_count"], room["used_space"]) == (1, 5), room
        assert "in.txt" in data(bot, "get_group_file_url", group_id=WORKSHOP,
                                file_id=inner[0]["file_id"])["url"]
        refused(bot, "get_group_file_url", group_id=TEA, file_id=inner[0]["file_id"])
        may_not(gateway, ADMIN, "delete_group_file", group_id=WORKSHOP, file_id=inner[0]["file_id"])
        data(bot, "delete_group_folder", group_id=WORKSHOP, **folder)
        assert data(bot, "get_group_root_files", group_id=WORKSHOP)["folders"] == []
        assert data(bot, "get_group_file_system_info", group_id=WORKSHOP)["file_count"] == 0
        for _ in range(99):
            data(bot, "upload_group_file", group_id=TEA, name="f", size=1)
        refused(bot, "upload_group_file", group_id=TEA, name="one too many", size=1)
        data(bot, "delete_group_file", group_id=TEA, file_id=got["id"])
        data(bot, "upload_group_file", group_id=TEA, name="f", size=1)
        data(bot, "upload_private_file", user_id=MEMBER, name="p.txt", size=3)
        assert gateway.messages("wait=0")[-1]["text"] == "[文件]"


def sizes_of_files():
    """The largest can be summed; a larger one is refused, also that of a file itself."""
    most = (2**63 - 1) // 100
    with Gateway() as gateway, gateway.bot("/api") as bot:
        for _ in range(100):
            data(bot, "upload_group_file", group_id=TEA, name="f", size=most)
        room = data(bot, "get_group_file_system_info", group_id=TEA)
        assert room["used_space"] == 100 * most, room
        for size in (most + 1, 2**63 - 1):
            refused(bot, "upload_group_file", 1400, group_id=TEA, name="f", size=size)
            refused(bot, "upload_private_file", 1400, user_id=MEMBER, name="f", size=size)
        with tempfile.NamedTemporaryFile(dir="/dev/shm") as file:
            for size, good in ((most, True), (most + 1, False)):
                try:
                    os.truncate(file.name, size)  # all of it a hole
                except OSError:
                    raise Skip("no file here can be that large") from None
                if good:
                    data(bot, "upload_private_file", user_id=MEMBER, name="f", file=file.name)
                else:
                    refused(bot, "upload_private_file", user_id=MEMBER, name="f", file=file.name)


def wrong_acts():
    with Gateway() as gateway:
        for body in ("x", [], {}, {"user_id": MEMBER}, {"user_id": 1, "action": "add_friend"},
                     {"user_id": MEMBER, "action": "get_status"},
                     {"user_id": MEMBER, "action": "honor", "params": []},
                     {"user_id": MEMBER, "action": "honor", "params": {"group_id": "x"}}):
            status, _, answer = gateway.ask("POST", "/api/act", body)
            assert status == 400 and answer["error"], (body, status, answer)
        may_not(gateway, BOT, "add_friend")
        may_not(gateway, MEMBER, "set_group_kick", group_id=TEA, user_id=OWNER)
        may_not(gateway, MEMBER, "honor", group_id=WORKSHOP, honor_type="emotion")
        status, _, answer = gateway.ask("GET", "/api/act")
        assert status == 405, (status, answer)


tell([kicking, the_bot_is_kicked_and_comes_back, leaving, roles, muting, muting_all, anonymous, bots_are_anonymous,
      names, friends, requests_are_kept_in_number, answers_that_come_too_late, pokes_and_honours, the_account,
      restarting, quick_operations, forwards, forwards_are_forgotten,
      pages_learn_of_changes, the_past, marks, group_files, sizes_of_files,
      wrong_acts])
