#!/usr/bin/env python3
"""gateway_extras.py - xie-gateway's pictures and their bytes, its rarer events; told in TAP.

usage: gateway_extras.py PROGRAM [NAME-PART]
"""
# SPDX-License-Identifier: MIT
import base64
import os
import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True
from simulated import Gateway, call, data, event, tell  # noqa: E402

TEA, WORKSHOP, BOT, OWNER, ADMIN, MEMBER = 20001, 20002, 10000, 10001, 10002, 10003
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 300


def encoded(content):
    return "base64://" + base64.b64encode(content).decode()


def act(gateway, who, action, status=200, **params):
    got, _, answer = gateway.ask("POST", "/api/act", {"user_id": who, "action": action,
                                                      "params": params})
    assert got == status, (action, params, got, answer)


def say(gateway, status=200, **body):
    got, _, answer = gateway.ask("POST", "/api/say", {"text": "x", **body})
    assert got == status, (body, got, answer)


def refused(bot, action, retcode=100, **params):
    reply = call(bot, action, **params)
    assert reply["status"] == "failed" and reply["retcode"] == retcode, reply
    return reply["message"]


def told(bot, post_type="notice", **expected):
    got = event(bot, post_type)
    assert {key: got.get(key) for key in expected} == expected, got
    return got


# --- pictures and the like ------------------------------------------------------------------


def media():
    with Gateway() as gateway, gateway.bot("/api") as bot, tempfile.TemporaryDirectory() as folder:
        voice = pathlib.Path(folder, "a.amr")
        voice.write_bytes(b"#!AMR")
        status, _, _ = gateway.ask("POST", "/api/say", {
            "user_id": MEMBER, "message": "[CQ:image,file=cat.png,url=https://x.example/cat]"})
        assert status == 200
        data(bot, "send_msg", user_id=MEMBER, message=f"[CQ:record,file=file://{voice}]")
        assert data(bot, "get_image", file="cat.png") == {"file": "cat.png",
                                                          "url": "https://x.example/cat"}
        assert data(bot, "get_record", file=f"file://{voice}", out_format="mp3") == {
            "file": str(voice)}
        assert data(bot, "get_file", file_id=f"file://{voice}") == {"file": str(voice)}
        refused(bot, "get_image", file=f"file://{voice}")
        refused(bot, "get_image", 1400)
        refused(bot, "get_file", 1400)
        refused(bot, "get_record", 1400, file=f"file://{voice}", out_format="xm")
        voice.unlink()
        refused(bot, "get_record", file=f"file://{voice}", out_format="mp3")


def bytes_have_an_address():
    with Gateway() as gateway, gateway.bot("/api") as bot, gateway.bot("/event") as ear:
        _, _, answer = gateway.ask("POST", "/api/say", {
            "user_id": MEMBER, "group_id": TEA, "message": [
                {"type": "text", "data": {"text": "look"}},
                {"type": "image", "data": {"file": encoded(PNG)}}]})
        said, base = answer["message_id"], f"http://127.0.0.1:{gateway.page}"
        image = event(ear, "message")["message"][1]["data"]
        path = f"/media/{said}/1"
        assert image == {"file": encoded(PNG), "url": base + path}, image["url"]
        status, fields, content = gateway.ask("GET", path)
        assert (status, fields["Content-Type"], content) == (200, "image/png", PNG), status
        assert fields["X-Content-Type-Options"] == "nosniff"
        status, fields, content = gateway.ask("HEAD", path)
        assert (status, fields["Content-Length"], content) == (200, str(len(PNG)), b"")
        assert gateway.ask("POST", path)[0] == 405
        assert gateway.ask("GET", path, fields={"Origin": "https://evil.example"})[0] == 403
        for wrong in ("/media/", "/media/x/1", "/media/1", f"{path}1", f"{path}/1", f"/media/{said}/0",
                      f"/media/{said}/-1", f"/media/{said}/", f"/media//{said}", f"/media/{'9' * 30}/1",
                      f"/media/{said}/{'9' * 30}", f"/media/{said + 1}/1"):
            assert gateway.ask("GET", wrong)[0] == 404, wrong
        act(gateway, OWNER, "delete_msg", message_id=said)
        assert gateway.ask("GET", path)[0] == 404
        data(bot, "send_msg", group_id=TEA, message="[CQ:image,file=base64://%%%]")
        assert gateway.ask("GET", f"/media/{said + 1}/0")[0] == 404


def bytes_become_files():
    """For its user alone, in a folder that goes with the gateway; the oldest go before."""
    with tempfile.TemporaryDirectory() as folder:
        with Gateway(env={"TMPDIR": folder}) as gateway, gateway.bot("/api") as bot:
            image = f"[CQ:image,file={encoded(PNG)}]"
            said = data(bot, "send_msg", group_id=TEA, message=image)["message_id"]
            url = f"http://127.0.0.1:{gateway.page}/media/{said}/0"
            for action, file in (("get_image", encoded(PNG)), ("get_file", url), ("get_image", url)):
                got = data(bot, action, file=file)
                assert pathlib.Path(got["file"]).read_bytes() == PNG, got
                assert got["file"].startswith(folder) and got["file"].endswith(".png"), got
                assert got["file_size"] == len(PNG) and got["url"] == url, got
            of_file, of_folder = os.stat(got["file"]), os.stat(os.path.dirname(got["file"]))
            assert (of_file.st_mode & 0o777, of_folder.st_mode & 0o777) == (0o600, 0o700)
            voice = data(bot, "send_msg", group_id=TEA, message=f"[CQ:record,file={encoded(b'#!AMR')}]")
            got = data(bot, "get_record", file=encoded(b"#!AMR"), out_format="amr")
            assert got["file"].endswith(f"{voice['message_id']}-0.amr"), got
            data(bot, "send_msg", group_id=TEA, message="[CQ:image,file=base64://%%%]")
            assert "base64" in refused(bot, "get_image", file="base64://%%%")
            got = data(bot, "download_file", base64=base64.b64encode(b"plain").decode())
            assert pathlib.Path(got["file"]).read_bytes() == b"plain", got
            refused(bot, "download_file", base64="%")
            refused(bot, "download_file", url="https://x.example/cat")
            data(bot, "delete_msg", message_id=voice["message_id"])
            refused(bot, "get_record", file=encoded(b"#!AMR"), out_format="amr")
            for number in range(100):
                data(bot, "download_file", base64=base64.b64encode(b"%d" % number).decode())
            assert not os.path.exists(got["file"])
            assert len(os.listdir(os.path.dirname(got["file"]))) == 100
        assert os.listdir(folder) == []


def a_file_that_cannot_be_written():
    with Gateway(env={"TMPDIR": "/nowhere"}) as gateway, gateway.bot("/api") as bot:
        assert "written" in refused(bot, "download_file", base64="AAAA")
        data(bot, "send_msg", user_id=MEMBER, message="[CQ:image,file=base64://AAAA]")
        assert "written" in refused(bot, "get_image", file="base64://AAAA")
    with Gateway(env={"TMPDIR": "/" + "x" * 190}) as gateway, gateway.bot("/api") as bot:
        assert "written" in refused(bot, "download_file", base64="AAAA")


def dice_have_fallen():
    with Gateway() as gateway, gateway.bot("/api") as bot:
        said = data(bot, "send_msg", group_id=TEA, message="[CQ:dice][CQ:rps][CQ:dice,result=9]x")
        dice, rps, given, _ = data(bot, "get_msg", **said)["message"]
        assert dice["data"]["result"] in "123456" and rps["data"]["result"] in "123", (dice, rps)
        assert given["data"] == {"result": "9"}, given
        rolls = [data(bot, "get_msg", **data(bot, "send_msg", group_id=TEA, message="[CQ:dice]"))
                 ["message"][0]["data"]["result"] for _ in range(100)]
        assert set(rolls) == set("123456"), rolls


# --- the rarer events -----------------------------------------------------------------------


def signs():
    """Notices of QQ itself, each to the account or the group that it is for."""
    with Gateway() as gateway, gateway.bot("/event") as ear:
        for action, params, expected in (
                ("input_status", {"status_text": "…"},
                 {"sub_type": "input_status", "user_id": MEMBER, "status_text": "…", "event_type": 1}),
                ("profile_like", {"times": 3},
                 {"sub_type": "profile_like", "operator_id": MEMBER, "operator_nick": "老K", "times": 3}),
                ("offline_file", {"name": "a.zip", "size": 5, "url": "http://x"},
                 {"notice_type": "offline_file", "user_id": MEMBER,
                  "file": {"name": "a.zip", "size": 5, "url": "http://x"}}),
                ("gray_tip", {"group_id": TEA, "content": "hm"},
                 {"sub_type": "gray_tip", "group_id": TEA, "user_id": MEMBER, "content": "hm"}),
                ("client_status", {"online": False, "device_name": "phone"},
                 {"notice_type": "client_status", "online": False,
                  "client": {"app_id": 1, "device_name": "phone", "device_kind": "PC"}}),
                ("bot_offline", {"tag": "kicked", "message": "elsewhere"},
                 {"notice_type": "bot_offline", "user_id": BOT, "tag": "kicked",
                  "message": "elsewhere"})):
            act(gateway, MEMBER, action, **params)
            told(ear, self_id=BOT, **expected)
        act(gateway, MEMBER, "gray_tip", 403, group_id=WORKSHOP, content="x")
        act(gateway, MEMBER, "input_status", 403, account_id=ADMIN)
        for action, params in (("offline_file", {}), ("input_status", {"event_type": -1}),
                               ("profile_like", {"times": 0}), ("client_status", {"online": 7}),
                               ("bot_offline", {"tag": []}), ("input_status", {"account_id": "x"}),
                               ("gray_tip", {"group_id": TEA, "content": "x" * 256})):
            act(gateway, MEMBER, action, 400, **params)


def reactions_as_lagrange_has_them():
    with Gateway() as gateway, gateway.bot("/api") as bot, gateway.bot("/event") as ear:
        said = gateway.say(MEMBER, TEA, "nice")
        data(bot, "set_group_reaction", group_id=TEA, message_id=said, code="76", is_add=True)
        told(ear, notice_type="reaction", sub_type="add", message_id=said, group_id=TEA, code="76",
             operator_id=BOT, count=1)
        data(bot, "set_group_reaction", group_id=TEA, message_id=said, code="76", is_add=False)
        told(ear, notice_type="reaction", sub_type="remove", count=0)
        refused(bot, "set_group_reaction", 1400, message_id=said)


def ways_to_say_it():
    """Every sub_type that a message's event can have."""
    with Gateway() as gateway, gateway.bot("/event") as ear:
        act(gateway, MEMBER, "delete_friend")
        say(gateway, 403, user_id=MEMBER)
        say(gateway, 403, user_id=MEMBER, sub_type="friend")
        for kind, body in (
                ("group", {"user_id": MEMBER}), ("other", {"user_id": MEMBER}),
                ("friend", {"user_id": ADMIN}), ("normal", {"user_id": MEMBER, "group_id": TEA}),
                ("anonymous", {"user_id": MEMBER, "group_id": TEA}),
                ("notice", {"user_id": MEMBER, "group_id": TEA})):
            say(gateway, sub_type=kind, **body)
            got = told(ear, "message", sub_type=kind,
                       message_type="group" if "group_id" in body else "private")
            assert kind != "group" or got["sender"]["group_id"] == TEA, got
        for wrong in ({"sub_type": "x"}, {"sub_type": 5}, {"sub_type": "anonymous"}, {"sub_type": "notice"},
                      {"sub_type": "group", "group_id": TEA}, {"sub_type": "other", "group_id": TEA},
                      {"target_id": 0}, {"target_id": "x"}):
            say(gateway, 400, user_id=ADMIN, **wrong)
        say(gateway, 404, user_id=ADMIN, target_id=99)
        act(gateway, OWNER, "set_group_whole_ban", group_id=TEA)
        say(gateway, 403, user_id=MEMBER, group_id=TEA)
        say(gateway, user_id=MEMBER, group_id=TEA, sub_type="notice")  # by QQ itself


def through_a_group():
    """To somebody who is no friend, as long as both are in a group."""
    with Gateway() as gateway, gateway.bot("/api") as bot:
        act(gateway, MEMBER, "delete_friend")
        refused(bot, "send_private_msg", user_id=MEMBER, message="x")
        data(bot, "send_private_msg", user_id=MEMBER, group_id=TEA, message="through the group")
        said = data(bot, "get_friend_msg_history", user_id=MEMBER)["messages"]
        assert [(one["sub_type"], one["raw_message"]) for one in said] == [
            ("group", "through the group")], said
        act(gateway, MEMBER, "set_group_leave", group_id=TEA)
        refused(bot, "send_private_msg", user_id=MEMBER, group_id=TEA, message="x")
        say(gateway, 403, user_id=MEMBER, sub_type="group")


tell([media, bytes_have_an_address, bytes_become_files, a_file_that_cannot_be_written,
      dice_have_fallen, signs, reactions_as_lagrange_has_them, ways_to_say_it, through_a_group])
