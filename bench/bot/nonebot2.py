"""nonebot2.py - the peer nonebot2: a command that answers, and one that asks and waits. argument: URL"""
# SPDX-License-Identifier: MIT
import datetime
import sys

import nonebot
from nonebot import on_command
from nonebot.adapters.onebot.v11 import Adapter
from nonebot.params import ArgPlainText

nonebot.init(driver="~websockets", onebot_ws_urls={sys.argv[1]}, log_level="WARNING",
             session_expire_timeout=datetime.timedelta(hours=1))
nonebot.get_driver().register_adapter(Adapter)
ping = on_command("ping")
talk = on_command("talk")


@ping.handle()
async def answer():
    await ping.send("pong")


@talk.got("name", prompt="What is your name?")
async def greet(name: str = ArgPlainText()):
    await talk.send(f"Hello, {name}.")

nonebot.run()
