"""aiocqhttp_bot.py - the judge aiocqhttp, by reverse WebSocket, or by HTTP POST with the HTTP API.
arguments: TOKEN FD [API-ROOT], FD being a listening socket."""
# SPDX-License-Identifier: MIT
import asyncio
import sys

from aiocqhttp import ActionFailed, CQHttp, MessageSegment
from hypercorn.asyncio import serve
from hypercorn.config import Config

TEA = 20001
token, place, *root = sys.argv[1:]
# With events by HTTP POST the token is the secret that signs them, too.
bot = CQHttp(api_root=root[0], access_token=token, secret=token) if root else \
    CQHttp(access_token=token)


@bot.on_meta_event("lifecycle")
async def say_so(_):
    await bot.send_group_msg(group_id=TEA, message="here")


async def tell_card(event):
    member = await bot.get_group_member_info(group_id=event.group_id, user_id=event.user_id)
    await bot.send(event, f"card: {member['card']}")


async def tell_members(event):
    members = await bot.get_group_member_list(group_id=event.group_id)
    owner = [one["user_id"] for one in members if one["role"] == "owner"]
    await bot.send(event, f"members: {len(members)}, owner {owner[0]}")


async def tell_failure(event):
    try:
        await bot.get_group_member_info(group_id=event.group_id, user_id=99999)
    except ActionFailed as failure:
        await bot.send(event, f"failed: {failure.retcode}")


async def take_back(event):
    sent = await bot.send(event, "fleeting")
    await bot.delete_msg(message_id=sent["message_id"])


async def restart(_):
    await bot.set_restart(delay=0)


async def tell_parts(event):
    parts = {one["type"]: one["data"] for one in event.message}
    said = await bot.get_msg(message_id=int(parts["reply"]["id"]))
    await bot.send(event, f"saw: reply {said['message_id']} at {parts['at']['qq']} "
                   f"face {parts['face']['id']} image {parts['image']['file']}")
    await bot.send(event, MessageSegment.reply(event.message_id) + MessageSegment.at(event.user_id) +
                   MessageSegment.face(66) + MessageSegment.image("base64://iVBORw0KGgo=") +
                   MessageSegment.text("back"))

commands = {"/card": tell_card, "/members": tell_members, "/wrong": tell_failure,
            "/fleeting": take_back, "/restart": restart, "/parts": tell_parts}


@bot.on_message("group")
async def obey(event):
    words = "".join(one["data"]["text"] for one in event.message if one["type"] == "text")
    if words in commands:
        await commands[words](event)


@bot.on_notice("group_ban")
async def tell_ban(event):
    await bot.send_group_msg(group_id=event.group_id,
                             message=f"muted: {event.user_id} for {event.duration}")


@bot.on_notice("group_recall")
async def tell_recall(event):
    if event.user_id != event.self_id:
        await bot.send_group_msg(group_id=event.group_id, message=f"recalled: {event.message_id}")


@bot.on_request("friend")
async def befriend(_):
    return {"approve": True, "remark": "judged"}


@bot.on_request("group")
async def let_in(event):
    await bot.set_group_add_request(flag=event.flag, sub_type=event.sub_type, approve=True)


config = Config()
config.bind = [f"fd://{place}"]
asyncio.run(serve(bot.asgi, config))
