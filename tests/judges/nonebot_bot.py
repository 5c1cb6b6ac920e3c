"""nonebot_bot.py - the judge nonebot2 with its OneBot adapter. arguments: TOKEN URL, a forward
WebSocket; or TOKEN FD [API-ROOT], a listening socket for HTTP POST and reverse WebSocket."""
# SPDX-License-Identifier: MIT
import sys

import nonebot
from nonebot import on_message, on_notice, on_request
from nonebot.adapters.onebot.v11 import (ActionFailed, Adapter, Bot, FriendRequestEvent,
                                         GroupBanNoticeEvent, GroupMessageEvent,
                                         GroupRecallNoticeEvent, GroupRequestEvent, MessageSegment)

TEA = 20001
PIXEL = bytes.fromhex("89504e470d0a1a0a")
token, place, *root = sys.argv[1:]
forward = place.startswith("ws:")
ways = {"driver": "~websockets", "onebot_ws_urls": {place}} if forward else {
    "driver": "~quart+~httpx", "onebot_api_roots": {"10000": one for one in root}}
# With events by HTTP POST the token is the secret that signs them, too.
nonebot.init(onebot_access_token=token, onebot_secret=token if root else None, **ways)
driver = nonebot.get_driver()
driver.register_adapter(Adapter)


@driver.on_bot_connect
async def say_so(bot: Bot):
    await bot.send_group_msg(group_id=TEA, message="here")


async def tell_card(bot, event):
    member = await bot.get_group_member_info(group_id=event.group_id, user_id=event.user_id)
    await bot.send(event, f"card: {member['card']}")


async def tell_members(bot, event):
    members = await bot.get_group_member_list(group_id=event.group_id)
    owner = [one["user_id"] for one in members if one["role"] == "owner"]
    await bot.send(event, f"members: {len(members)}, owner {owner[0]}")


async def tell_failure(bot, event):
    try:
        await bot.get_group_member_info(group_id=event.group_id, user_id=99999)
    except ActionFailed as failure:
        await bot.send(event, f"failed: {failure.info['retcode']}")


async def take_back(bot, event):
    sent = await bot.send(event, "fleeting")
    await bot.delete_msg(message_id=sent["message_id"])


async def restart(bot, _):
    await bot.set_restart(delay=0)


async def tell_parts(bot, event):
    parts = {one.type: one.data for one in event.original_message}
    await bot.send(event, f"saw: reply {event.reply.message_id} at {parts['at']['qq']} "
                   f"face {parts['face']['id']} image {parts['image']['file']}")
    await bot.send(event, MessageSegment.reply(event.message_id) + MessageSegment.at(event.user_id) +
                   MessageSegment.face(66) + MessageSegment.image(PIXEL) + "back")

commands = {"/card": tell_card, "/members": tell_members, "/wrong": tell_failure,
            "/fleeting": take_back, "/restart": restart, "/parts": tell_parts}


@on_message().handle()
async def obey(bot: Bot, event: GroupMessageEvent):
    command = commands.get(event.get_plaintext().strip())
    if command:
        await command(bot, event)


@on_notice().handle()
async def tell_ban(bot: Bot, event: GroupBanNoticeEvent):
    await bot.send_group_msg(group_id=event.group_id,
                             message=f"muted: {event.user_id} for {event.duration}")


@on_notice().handle()
async def tell_recall(bot: Bot, event: GroupRecallNoticeEvent):
    if event.user_id != event.self_id:
        await bot.send_group_msg(group_id=event.group_id, message=f"recalled: {event.message_id}")


@on_request().handle()
async def befriend(bot: Bot, event: FriendRequestEvent):
    await event.approve(bot, remark="judged")


@on_request().handle()
async def let_in(bot: Bot, event: GroupRequestEvent):
    await event.approve(bot)

if forward:
    nonebot.run()
else:
    nonebot.run(fd=int(place))
