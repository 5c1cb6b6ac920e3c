"""tools.py - what the page has for authors of bots: faults, columns, media, acts, the time line.
Each test gets a fresh page on a gateway of its own, as in page.py."""
# SPDX-License-Identifier: MIT
import base64
import json
import pathlib
import struct
import tempfile
import urllib.request
import zlib

from page import BOUND, CONTRAST, DOWN, ENTER, TAB, bubbles, shows, until, up
from websocket import WebSocket

ESCAPE = "\ue00c"
RIGHT = "\ue014"
COUNT = "return document.querySelectorAll(arguments[0]).length"


def png(width=8, height=8, fill=b"\x30\x90\x50"):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    rows = (b"\0" + fill * width) * height
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def encoded(data):
    return "base64://" + base64.b64encode(data).decode()


def ask(gateway, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(gateway.url + path, data, BOUND) as answer:
        return json.load(answer)


def act(gateway, who, action, **params):
    return ask(gateway, "api/act", {"user_id": who, "action": action, "params": params})


def called(bot, action, **params):
    """Call; the reply, whatever events come before it."""
    bot.send({"action": action, "params": params, "echo": action})
    while (reply := bot.receive()).get("echo") != action:
        pass
    return reply


def sent(bot, message, group=20001):
    reply = called(bot, "send_group_msg", group_id=group, message=message)
    assert reply["status"] == "ok", reply
    return reply["data"]["message_id"]


def heard(bot, **fields):
    """The first event with these fields."""
    while True:
        event = bot.receive()
        if {key: event.get(key) for key in fields} == fields:
            return event


def press(browser, selector):
    """Click what need not be in view."""
    browser.run("document.querySelector(arguments[0]).click()", selector)


def pick(browser, selector, value):
    browser.run("""const select = document.querySelector(arguments[0]); select.value = arguments[1];
        select.dispatchEvent(new Event('change', {bubbles: true}));""", selector, str(value))


def choose_item(browser, words):
    """Click the line of the open menu that has these words."""
    until(lambda: browser.run("return document.querySelector('.menu') !== null"))
    found = browser.run("""const item = [...document.querySelectorAll('.menu [role=menuitem]')]
        .find(e => e.innerText.startsWith(arguments[0]) && !e.disabled);
        item?.click(); return Boolean(item)""", words)
    assert found, (words, browser.text(".menu"))


# --- faults --------------------------------------------------------------------------------


def faults_are_set_and_cleared(browser, gateway):
    up(browser, gateway)
    press(browser, "#tab-faults")
    shows(browser, "#fault-state", "一切正常")
    assert browser.run("return document.getElementById('no-faults').disabled") is True
    press(browser, "#fault-deaf")
    until(lambda: ask(gateway, "api/faults")["deaf"])
    pick(browser, "#fault-drop", -1)
    until(lambda: ask(gateway, "api/faults")["drop"] == -1)
    pick(browser, "#fault-delay_ms", 1000)
    pick(browser, "#fault-action", "send_group_msg")
    until(lambda: ask(gateway, "api/faults")["action"] == "send_group_msg")
    now = ask(gateway, "api/faults")
    assert now["deaf"] and now["drop"] == -1 and now["delay_ms"] == 1000, now  # none lost
    shows(browser, "#fault-count", "3")
    assert browser.run("return [...document.querySelectorAll('.fault.set')].map(e => e.dataset.fault)") \
        == ["delay_ms", "drop", "deaf"]
    browser.click("#no-faults")
    shows(browser, "#fault-state", "一切正常")
    assert not any(ask(gateway, "api/faults").values())


def faults_count_down_before_the_eyes(browser, gateway):
    ask(gateway, "api/faults", {"refuse": 3, "retcode": 77})  # by a script, before the page came
    up(browser, gateway)
    press(browser, "#tab-faults")
    shows(browser, "#fault-count", "1")
    assert browser.run("return document.getElementById('fault-refuse').value") == "3"
    with WebSocket(gateway.onebot, "/api") as bot:
        assert called(bot, "get_status")["retcode"] == 77
        until(lambda: browser.run("return document.getElementById('fault-refuse').value") == "2")
        browser.type("#fault-action", "send_")  # what is being written stays
        called(bot, "get_status")
        until(lambda: browser.run("return document.getElementById('fault-refuse').value") == "1")
        assert browser.run("return [document.activeElement.id, document.activeElement.value]") \
            == ["fault-action", "send_"]
        called(bot, "get_status")
    until(lambda: browser.run("return document.getElementById('fault-refuse').value") == "0")
    until(lambda: browser.text("#fault-count") == "")


def a_wrong_fault_is_told(browser, gateway):
    up(browser, gateway)
    press(browser, "#tab-faults")
    pick(browser, "#fault-retcode", 99999999999)
    shows(browser, "#fault-problem", "retcode")
    assert ask(gateway, "api/faults")["retcode"] == 0
    assert "400" in " ".join(browser.console())  # the browser tells of the refusal itself


# --- columns -------------------------------------------------------------------------------


def columns_outlive_a_reload(browser, gateway):
    up(browser, gateway, 1600)
    browser.type("#text", "for ")  # half written: it stays
    browser.click("#more")
    until(lambda: browser.run(COUNT, ".chat") == 2)
    assert browser.run("return [document.activeElement.id, document.getElementById('who-1').value]") \
        == ["who-1", "10002"]
    pick(browser, "#who-1", 10003)
    pick(browser, "#where-1", "p10003")
    assert browser.run("return location.hash") == "#10001-g20001+10003-p10003"
    browser.type("#text-1", "for you alone" + ENTER)
    shows(browser, "#log-1", "for you alone")
    assert "for you alone" not in browser.text("#log")
    browser.type("#text", "all" + ENTER)
    shows(browser, "#log", "for all")
    browser.call("POST", "/refresh", {})
    shows(browser, "#log-1", "for you alone")
    shows(browser, "#log", "for all")
    assert browser.run("return [document.getElementById('who-1').value,"
                       " document.getElementById('where-1').value]") == ["10003", "p10003"]
    browser.click("#close")
    until(lambda: browser.run(COUNT, ".chat") == 1)
    assert browser.run("return location.hash") == "#10003-p10003"
    shows(browser, "#log", "for you alone")
    assert browser.run("return document.querySelector('input[name=me]:checked').value") == "10003"


def two_people_see_one_another(browser, gateway):
    up(browser, gateway, 1600)
    browser.run("location.hash = '#10001-g20001+10002-g20001'")
    until(lambda: browser.run(COUNT, ".chat") == 2)
    browser.type("#text", "hello Mira" + ENTER)
    shows(browser, "#log-1", "hello Mira")
    assert browser.run("return ['log', 'log-1'].map(id => document.querySelectorAll("
                       "`#${id} .message.mine`).length)") == [1, 0]
    press(browser, "#log-1 .tool.answer")
    browser.type("#text-1", "hello you" + ENTER)
    shows(browser, "#log .quote", "hello Mira")


def addresses_that_are_nonsense(browser, gateway):
    browser.resize(1280, 860)
    browser.open(gateway.url + "#10001-g9+10000-g20001+x+10002-p10003+10004-g20002+99-p99+-")
    until(lambda: browser.run("return document.getElementById('link').dataset.state") == "online")
    until(lambda: browser.run("return document.getElementById('who').value") == "10004")
    assert browser.run(COUNT, ".chat") == 1
    shows(browser, "#no-bot", "念念")  # who is not in that group: reading only
    browser.run("location.hash = '#' + Array(9).fill('10001-g20001').join('+')")
    until(lambda: browser.run(COUNT, ".chat") == 4)
    assert browser.run("return document.getElementById('more').hidden") is True


def a_phone_shows_columns_as_tabs(browser, gateway):
    up(browser, gateway, 390, 780)
    browser.run("location.hash = '#10001-g20001+10002-g20002'")
    until(lambda: browser.run(COUNT, "#row button") == 3)
    seen = "return [...document.querySelectorAll('.chat')].map(e => e.offsetWidth > 0)"
    assert browser.run(seen) == [True, False]
    browser.click("#row [data-to='1']")
    assert browser.run(seen) == [False, True]
    browser.type("#text-1", "from the phone" + ENTER)
    shows(browser, "#log-1", "from the phone")
    browser.click("#row [data-show=panel]")
    assert browser.run(seen) == [False, False]
    for width in (320, 390, 720, 768, 1080, 1280):
        browser.resize(width, 700)
        for button in ("[data-to='0']", "[data-to='1']", "[data-show=panel]"):
            press(browser, f"#row {button}")
            for tab in ("wire", "timeline", "faults", "accounts"):
                press(browser, f"#tab-{tab}")
                wide, high = browser.run("return [document.documentElement.scrollWidth - innerWidth,"
                                         " document.documentElement.scrollHeight - innerHeight]")
                assert wide <= 0 and high <= 0, (width, button, tab, wide, high)


# --- media ---------------------------------------------------------------------------------


def media_are_shown_without_a_network(browser, gateway):
    far = "https://example.org/cat.png"
    with WebSocket(gateway.onebot, "/api") as bot:
        for file in (encoded(png()), far, encoded(b"no picture at all"), encoded(png()[:40]),
                     "base64://%%%", "file:///etc/passwd"):
            sent(bot, [{"type": "image", "data": {"file": file}}])
        wav = b"RIFF" + struct.pack("<I", 36) + b"WAVEfmt " + struct.pack(
            "<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8) + b"data" + struct.pack("<I", 8) + b"\x80" * 8
        sent(bot, [{"type": "record", "data": {"file": encoded(wav)}}])
        sent(bot, [{"type": "record", "data": {"file": "voice.amr"}}])
        sent(bot, [{"type": "face", "data": {"id": "76"}}, {"type": "face", "data": {"id": "9999"}},
                   {"type": "at", "data": {"qq": "10002"}}, {"type": "at", "data": {"qq": "all"}}])
    up(browser, gateway)
    until(lambda: browser.run(COUNT, "#log .bubble") == 9)
    until(lambda: browser.run(COUNT, "#log .placeholder") == 6)  # the cut one has failed too
    assert browser.run("return [...document.querySelectorAll('#log img')].map(e => e.src.slice(0, 22))") \
        == ["data:image/png;base64,"]
    assert browser.run("return document.querySelector('#log audio').src.slice(0, 15)") == "data:audio/wav;"
    shows(browser, "#log", far)
    shows(browser, "#log", "voice.amr")
    words = bubbles(browser)[-1]
    assert "👍" in words and "9999" in words and "@管理员·米拉" in words and "@全体成员" in words, words
    fetched = browser.run("return performance.getEntriesByType('resource').map(e => e.name)"
                          ".filter(n => !n.startsWith(location.origin) && !n.startsWith('data:'))")
    assert fetched == [], fetched


def forwards_are_opened_by_a_click(browser, gateway):
    nodes = [{"type": "node", "data": {"user_id": 5, "nickname": "<b>N</b>", "content": [
        {"type": "text", "data": {"text": "inside"}}, {"type": "image", "data": {"file": encoded(png())}}]}},
        {"type": "node", "data": {"user_id": 6, "nickname": "M", "content": "second[CQ:face,id=76]"}}]
    with WebSocket(gateway.onebot, "/api") as bot:
        assert called(bot, "send_group_forward_msg", group_id=20001, messages=nodes)["status"] == "ok"
        sent(bot, [{"type": "forward", "data": {"id": "77"}}])
    up(browser, gateway)
    until(lambda: browser.run(COUNT, "#log .forward") == 2)
    assert browser.run(COUNT, "#log .nodes li") == 0
    press(browser, "#log .forward summary")
    shows(browser, "#log .nodes", "inside")
    shows(browser, "#log .nodes", "<b>N</b>")
    assert browser.run(COUNT, "#log .nodes li") == 2 and browser.run(COUNT, "#log .nodes img") == 1
    press(browser, "#log .message:last-child .forward summary")
    shows(browser, "#log .message:last-child .nodes", "77")  # there is none such: told in place
    assert "404" in " ".join(browser.console())


def pictures_from_the_disk(browser, gateway):
    up(browser, gateway)
    with tempfile.TemporaryDirectory() as folder, WebSocket(gateway.onebot, "/event") as bot:
        files = {name: pathlib.Path(folder) / name for name in ("good.png", "bad.png", "big.png")}
        files["good.png"].write_bytes(png())
        files["bad.png"].write_bytes(b"not a picture")
        files["big.png"].write_bytes(png() + bytes(400 * 1024))
        for name, words in (("bad.png", "不是"), ("big.png", "KB")):
            browser.type("#file", str(files[name]))
            shows(browser, "#problem", words)
        assert browser.run("return document.getElementById('send').disabled") is True
        browser.type("#file", str(files["good.png"]))
        shows(browser, "#extras", "good.png")
        browser.type("#text", "look" + ENTER)
        until(lambda: browser.run(COUNT, "#log .bubble img") == 1)
        message = heard(bot, post_type="message")["message"]
        assert [one["type"] for one in message] == ["text", "image"], message
        assert base64.b64decode(message[1]["data"]["file"][9:]) == png()
        assert browser.run("return document.getElementById('extras').hidden") is True
        # A picture alone can be sent; one taken away is not.
        browser.type("#file", str(files["good.png"]))
        shows(browser, "#extras", "good.png")
        browser.click("#extras button")
        assert browser.run("return document.getElementById('send').disabled") is True
        browser.type("#file", str(files["good.png"]))
        shows(browser, "#extras", "good.png")
        browser.click("#send")
        assert [one["type"] for one in heard(bot, post_type="message")["message"]] == ["image"]
        for kind in ("paste", "drop"):
            browser.run("""const data = new DataTransfer(), bytes = Uint8Array.from(atob(arguments[1]), c => c.charCodeAt(0));
                data.items.add(new File([bytes], 'clip.png', { type: 'image/png' }));
                document.getElementById('text').dispatchEvent(arguments[0] === 'paste'
                  ? new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true })
                  : new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));""",
                        kind, base64.b64encode(png()).decode())
            shows(browser, "#extras", "clip.png")
            browser.click("#extras button")


def replies_and_mentions(browser, gateway):
    first = gateway.say(10003, 20001, "who is there?")
    up(browser, gateway)
    shows(browser, "#log", "who is there?")
    with WebSocket(gateway.onebot, "/event") as bot:
        press(browser, "#log .tool.answer")
        shows(browser, "#extras", "who is there?")
        press(browser, "#log .avatar-button")
        choose_item(browser, "@")
        assert browser.run("return document.activeElement.id") == "text"
        browser.type("#text", "me" + ENTER)
        message = heard(bot, post_type="message")["message"]
        assert message == [{"type": "reply", "data": {"id": str(first)}},
                           {"type": "at", "data": {"qq": "10003"}},
                           {"type": "text", "data": {"text": "me"}}], message
        shows(browser, "#log .mine .at", "@夜班老K")
        press(browser, "#log .tool.answer")
        browser.run("document.getElementById('text').focus()")
        browser.keys(ESCAPE)  # not answered after all
        browser.type("#text", "plain" + ENTER)
        assert heard(bot, post_type="message")["message"] == [{"type": "text", "data": {"text": "plain"}}]


# --- acts ----------------------------------------------------------------------------------


def acts_on_a_member(browser, gateway):
    gateway.say(10003, 20001, "hello")
    up(browser, gateway)
    shows(browser, "#log", "hello")
    with WebSocket(gateway.onebot, "/event") as bot:
        for words, fields in (
                ("戳一戳", {"sub_type": "poke", "target_id": 10003, "user_id": 10001}),
                ("禁言", {"notice_type": "group_ban", "sub_type": "ban", "user_id": 10003}),
                ("解除禁言", {"notice_type": "group_ban", "sub_type": "lift_ban"}),
                ("设为管理员", {"notice_type": "group_admin", "sub_type": "set", "user_id": 10003}),
                ("取消管理员", {"notice_type": "group_admin", "sub_type": "unset"}),
                ("移出群", {"notice_type": "group_decrease", "sub_type": "kick", "user_id": 10003})):
            until(lambda: _offers(browser, "#log .avatar-button", words))
            choose_item(browser, words)
            heard(bot, **fields)
            shows(browser, "#spoken", words)
    shows(browser, "#chat-about", "5")  # the page knows that one is gone


def _offers(browser, button, words):
    """Open the menu; does it have the line by now?"""
    if browser.run("return document.querySelector('.menu') === null"):
        press(browser, button)
    if browser.run("return [...document.querySelectorAll('.menu button:not(:disabled)')]"
                   ".some(e => e.innerText.startsWith(arguments[0]))", words):
        return True
    press(browser, button)  # closed again
    return False


def acts_of_a_person(browser, gateway):
    up(browser, gateway)
    with WebSocket(gateway.onebot, "/event") as bot, WebSocket(gateway.onebot, "/api") as caller:
        browser.click("#acts")
        choose_item(browser, "删除机器人好友")
        until(lambda: _offers(browser, "#acts", "申请加机器人好友"))
        choose_item(browser, "申请加机器人好友")
        flag = heard(bot, request_type="friend", user_id=10001)["flag"]
        called(caller, "set_friend_add_request", flag=flag)
        until(lambda: _offers(browser, "#acts", "删除机器人好友"))
        press(browser, "#acts")
        called(caller, "set_group_leave", group_id=20001)
        until(lambda: _offers(browser, "#acts", "邀请机器人进群"))
        choose_item(browser, "邀请机器人进群")
        heard(bot, request_type="group", sub_type="invite", user_id=10001)
        pick(browser, "#who", 10003)
        pick(browser, "#where", "g20002")  # he is not in it
        until(lambda: _offers(browser, "#acts", "申请进群"))
        choose_item(browser, "申请进群")
        heard(bot, request_type="group", sub_type="add", user_id=10003, group_id=20002)


def refusals_are_told(browser, gateway):
    act(gateway, 10001, "set_group_whole_ban", group_id=20001)
    up(browser, gateway)
    pick(browser, "#who", 10004)
    browser.type("#text", "may I?" + ENTER)
    shows(browser, "#problem", "muted")
    assert browser.run("return document.getElementById('text').value") == "may I?"  # not lost
    assert "403" in " ".join(browser.console())


def reactions_and_essence(browser, gateway):
    first = gateway.say(10003, 20001, "worth keeping")
    up(browser, gateway)
    shows(browser, "#log", "worth keeping")
    with WebSocket(gateway.onebot, "/event") as bot:
        press(browser, "#log .tool[aria-haspopup]")
        choose_item(browser, "贴表情")
        heard(bot, notice_type="group_msg_emoji_like", message_id=first, user_id=10001)
        press(browser, "#log .tool[aria-haspopup]")
        choose_item(browser, "设为精华")
        heard(bot, notice_type="essence", message_id=first, operator_id=10001)


# --- the time line -------------------------------------------------------------------------


def the_time_line(browser, gateway):
    gateway.start_bot()
    up(browser, gateway)
    shows(browser, "#bots", "1")
    browser.click("#tab-timeline")
    browser.type("#text", "/whoami" + ENTER)
    shows(browser, "#stories", "send_group_msg")
    stories = "return [...document.querySelectorAll('.story')].map(e => e.innerText)"
    story = next(one for one in browser.run(stories) if "/whoami" in one)
    assert "get_group_member_info" in story and "掌柜" in story and "ms" in story, story
    shows(browser, ".story .sent", "owner")
    gateway.say(10002, 20001, "just talk")
    until(lambda: any("just talk" in one for one in browser.run(stories)))
    # Filters: by words, only those with calls, only those with failures.
    browser.type("#story-words", "WHOAMI")
    until(lambda: len(browser.run(stories)) == 1)
    browser.run("const w = document.getElementById('story-words'); w.value = '';"
                " w.dispatchEvent(new Event('input'))")
    press(browser, "#story-filters label:nth-of-type(1) input")
    until(lambda: all("just talk" not in one for one in browser.run(stories)))
    assert any("/whoami" in one for one in browser.run(stories))
    press(browser, "#story-filters label:nth-of-type(2) input")
    until(lambda: browser.run(COUNT, ".story") == 0)
    with WebSocket(gateway.onebot, "/api") as bot:
        called(bot, "send_group_msg", group_id=20001)
    until(lambda: browser.run(COUNT, ".story.failed") == 1)
    shows(browser, ".story.failed .facts", "1")


STORIES = """
return import('/story.js').then(({ Stories, byBot, lengthOf, beginOf }) => {
  const all = new Stories();
  let seq = 0;
  const event = (time, more) => all.add({ kind: 'event', seq: seq++, time, event: { post_type: 'message', ...more } });
  const call = (time, bot, params, took_us = 1000) => all.add({ kind: 'call', seq: seq++, time, bot, took_us,
    action: 'send_msg', request: { params }, reply: { status: 'ok' } });
  const first = event(1000, { message_id: 1, group_id: 7, user_id: 5 });
  const second = event(2000, { message_id: 2, group_id: 8, user_id: 6 });
  all.add({ kind: 'event', seq: seq++, time: 2100, event: { post_type: 'meta_event' } });
  const third = event(3000, { message_id: 3, user_id: 6 });
  const found = [
    call(3100, 1, { group_id: 7 }) === first,               // by the place
    call(3100, 2, { group_id: '8' }) === second,            // ids may be strings
    call(3100, 1, { user_id: 6 }) === third,                // in private
    call(3100, 1, { message_id: 1 }) === first,             // by the message
    call(3100, 1, { group_id: 8, message: '[CQ:reply,id=1]x' }) === first, // by the answer
    call(3100, 1, {}) === third,                            // nothing tells: the latest
    ![first, second, third].includes(call(500000, 1, { group_id: 7 })), // too late
    ![first, second, third].includes(call(3100, 1, { group_id: 99 })),  // another place
    ![first, second, third].includes(call(1500, 1, { group_id: 8 })),   // before the event
  ];
  const alone = call(900000, 1, {});
  found.push(call(900500, 1, {}) === alone, call(900500, 2, {}) !== alone, call(905000, 1, {}) !== alone);
  const bot = all.add({ kind: 'bot', seq: seq++, time: 1600000, bot: 4, state: 'connected' });
  found.push(call(1600001, 4, {}) === bot, call(1600001, 5, {}) !== bot);
  return { found, bots: byBot(second).map(([n, list]) => [n, list.length]), length: lengthOf(second),
    begin: beginOf(second, second.calls[0]), kept: (() => { for (let i = 0; i < 500; i++) event(i, {});
      return all.list.length; })() };
});
"""


def calls_find_their_event(browser, gateway):
    up(browser, gateway)
    got = browser.run(STORIES)
    assert got["found"] == [True] * 14, got
    assert got["bots"] == [[2, 1]] and got["length"] == 1100 and got["begin"] == 1099, got
    assert got["kept"] == 150, got


ENTRIES = """return import('/panel.js').then(({ addEntry }) => {
  const call = (action, self_id, reply) => ({ kind: "call", time: 1500, self_id, action, reply, took_us: 5 });
  const entries = [{ kind: "event", time: 1000, self_id: 7, event: { post_type: "message" }, to: 1 },
    call("mine", 8, { status: "ok" }), call("its", 7, { status: "ok" }), call("lost", 8, null)];
  entries.forEach((entry, i) => addEntry({ ...entry, seq: 1e9 + i }));
  return [...document.querySelectorAll('#wire .call')].map(e => [e.className, e.querySelector('.facts').innerText]); })"""


def calls_and_what_became_of_them(browser, gateway):
    """Only events of the same account were before a call; one without a reply has failed."""
    up(browser, gateway)
    (mine, its, lost) = browser.run(ENTRIES)
    assert "✓" in mine[1] and "+" not in mine[1] and "failed" not in mine[0], mine
    assert "✓" in its[1] and "+500 ms" in its[1], its
    assert "✗" in lost[1] and "failed" in lost[0], lost


# --- for everybody -------------------------------------------------------------------------


def menus_and_tabs_by_keyboard(browser, gateway):
    up(browser, gateway)
    browser.run("document.getElementById('acts').focus()")
    browser.keys(ENTER)
    assert browser.run("return document.activeElement.getAttribute('role')") == "menuitem"
    first = browser.run("return document.activeElement.innerText")
    browser.keys(DOWN)
    assert browser.run("return document.activeElement.innerText") != first
    browser.keys(ESCAPE)
    assert browser.run("return [document.activeElement.id, document.querySelector('.menu')]") \
        == ["acts", None]
    browser.run("document.getElementById('tab-wire').focus()")
    browser.keys(RIGHT, RIGHT)
    assert browser.run("return [document.activeElement.id,"
                       " document.getElementById('view-faults').hidden]") == ["tab-faults", False]
    browser.keys(TAB)
    assert browser.run("return document.activeElement.closest('.panel') !== null")


UNNAMED = """
const named = (e) => e.getAttribute('aria-label') || e.labels?.length || e.innerText?.trim() ||
  e.getAttribute('aria-labelledby') || e.title;
return [...document.querySelectorAll('button, input, select, textarea, [role=log], [role=tabpanel], [role=feed]')]
  .filter(e => !e.hidden && !e.closest('template') && !named(e)).map(e => e.outerHTML.slice(0, 120));
"""


def everything_has_a_name(browser, gateway):
    """For those who listen: no button or field without one, no id twice, nothing undefined."""
    gateway.say(10003, 20001, "hello")
    up(browser, gateway, 1600)
    shows(browser, "#log", "hello")
    browser.click("#more")
    for language in ("zh", "en"):
        for tab in ("wire", "timeline", "faults", "accounts"):
            press(browser, f"#tab-{tab}")
            assert browser.run(UNNAMED) == []
        shows(browser, "#faults", "echo")
        assert browser.run("return document.documentElement.lang") == language
        assert browser.run("return /undefined|null|NaN/.exec(document.body.innerText + [..."
                           "document.querySelectorAll('[aria-label]')].map(e => e.ariaLabel))") is None
        press(browser, "#language")
    ids = browser.run("return [...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids)), ids
    dangling = browser.run("""return ['aria-labelledby', 'aria-describedby', 'aria-controls'].flatMap(name =>
        [...document.querySelectorAll(`[${name}]`)].map(e => e.getAttribute(name)))
        .filter(id => !document.getElementById(id))""")
    assert dangling == [], dangling
    browser.run("localStorage.clear()")


def both_languages_have_every_text(browser, gateway):
    up(browser, gateway)
    count, missing, unlike, unused = browser.run("""return Promise.all(['text', 'app', 'acts', 'chat', 'column',
        'accounts', 'compose', 'faults', 'media', 'panel', 'places', 'segments', 'tabs', 'timeline', 'watch'].map(name => fetch(`/${name}.js`)
        .then(a => a.text())).concat([fetch('/').then(a => a.text())])).then(sources => import('/text.js').then(({ TEXTS }) => {
      const names = Object.keys(TEXTS.zh), all = sources.slice(1).join('');
      return [names.length, [...new Set([...names, ...Object.keys(TEXTS.en)])].filter(n => !TEXTS.zh[n] || !TEXTS.en[n]),
        names.filter(n => typeof TEXTS.zh[n] !== typeof TEXTS.en[n] || TEXTS.zh[n].length === 0),
        names.filter(n => !/^(fault_.*|about_.*|connect(ing|ed)|refused)$/.test(n) && !all.includes(`"${n}"`))]; }))""")
    assert count > 100 and missing == [] and unlike == [] and unused == [], (missing, unlike, unused)


def the_tools_are_readable(browser, gateway):
    """A contrast of 4.5 at least, light and dark, of each view of the panel and of a menu."""
    gateway.start_bot()
    with WebSocket(gateway.onebot, "/api") as bot:
        sent(bot, [{"type": "image", "data": {"file": "x"}}, {"type": "face", "data": {"id": "9999"}}])
        called(bot, "send_group_msg", group_id=20001)
    ask(gateway, "api/faults", {"deaf": True, "drop": 3, "action": "none"})
    up(browser, gateway, 1600)
    shows(browser, "#bots", "1")
    browser.click("#more")
    for dark in (False, True):
        browser.resize(1600, 860, dark)
        for tab in ("timeline", "faults", "accounts"):
            press(browser, f"#tab-{tab}")
            press(browser, "#acts")
            browser.run("document.getAnimations().forEach(one => one.finish())")
            poor = browser.run(CONTRAST)
            assert poor == [], (dark, tab, poor)
            press(browser, "#acts")


TESTS = [faults_are_set_and_cleared, faults_count_down_before_the_eyes, a_wrong_fault_is_told,
         columns_outlive_a_reload, two_people_see_one_another, addresses_that_are_nonsense,
         a_phone_shows_columns_as_tabs, media_are_shown_without_a_network,
         forwards_are_opened_by_a_click, pictures_from_the_disk, replies_and_mentions,
         acts_on_a_member, acts_of_a_person, refusals_are_told, reactions_and_essence, the_time_line,
         calls_find_their_event, calls_and_what_became_of_them, menus_and_tabs_by_keyboard, everything_has_a_name,
         both_languages_have_every_text, the_tools_are_readable]
