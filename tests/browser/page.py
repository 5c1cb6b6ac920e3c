"""page.py - the chat page in a real browser: the tests, and what they need of the programs.
Each test gets a fresh page on a gateway of its own; waits are for a state, bounded."""
# SPDX-License-Identifier: MIT
import json
import os
import pathlib
import subprocess
import sys
import time
import urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "apps"))
from websocket import WebSocket  # noqa: E402

BOUND = 40  # seconds; only ends what hangs
ENTER = "\ue007"
TAB = "\ue004"
DOWN = "\ue015"
SHIFT = "\ue008"


class Gateway:
    """xie-gateway, and bots on it. With ports given it is a second run of the same one."""

    def __init__(self, build, onebot=0, page=0):
        self.build = pathlib.Path(build)
        self.process = subprocess.Popen(
            [str(self.build / "apps/gateway/xie-gateway"), "--onebot", f"127.0.0.1:{onebot}",
             "--page", f"127.0.0.1:{page}"], text=True, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL)
        self.onebot = int(self.process.stdout.readline().rsplit(":", 1)[1])
        self.url = self.process.stdout.readline().split()[1]
        self.page = int(self.url.rsplit(":", 1)[1].strip("/"))
        self.bots = []

    def start_bot(self):
        self.bots.append(subprocess.Popen(
            [str(self.build / "apps/bot/xie-bot"), "--url", f"ws://127.0.0.1:{self.onebot}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    def say(self, user, group, text):
        body = json.dumps({"user_id": user, "text": text, **({"group_id": group} if group else {})})
        with urllib.request.urlopen(self.url + "api/say", body.encode(), BOUND) as answer:
            return json.load(answer)["message_id"]

    def stop(self):
        for process in [*self.bots, self.process]:
            process.terminate()
            process.wait(BOUND)
        self.process.stdout.close()


def until(condition, *values):
    """Wait for a condition of the world; the test fails when it never comes."""
    end = time.monotonic() + BOUND
    while not (result := condition(*values)):
        assert time.monotonic() < end, "never came true"
        time.sleep(0.02)
    return result


def shows(browser, selector, words):
    """Wait until an element's text has the words."""
    try:
        until(lambda: words in (browser.text(selector) or ""))
    except AssertionError:
        raise AssertionError(f"{selector}: {browser.text(selector)!r} lacks {words!r}") from None


def up(browser, gateway, width=1280, height=860, dark=False):
    browser.resize(width, height, dark)
    browser.open(gateway.url)
    until(lambda: browser.run("return document.getElementById('link').dataset.state") == "online")


def choose(browser, name, value):
    browser.run("document.querySelector(`input[name='${arguments[0]}'][value='${arguments[1]}']`)"
                ".click()", name, str(value))


def bubbles(browser):
    return browser.run("return [...document.querySelectorAll('#log .bubble')].map(e => e.innerText)")


# --- tests ---------------------------------------------------------------------------------


def says_and_is_answered(browser, gateway):
    """The whole road: typed here, an event to the bot, its calls, its words here."""
    gateway.start_bot()
    up(browser, gateway)
    shows(browser, "#bots", "1")
    choose(browser, "me", 10002)
    browser.type("#text", "/whoami" + ENTER)
    until(lambda: len(bubbles(browser)) == 2)
    mine, bots = bubbles(browser)
    assert mine == "/whoami" and "Mira" in bots and "管理员·米拉" in bots and "admin" in bots, bots
    assert browser.run("return document.querySelectorAll('.message.mine').length") == 1
    assert browser.run("return document.getElementById('text').value") == ""
    shows(browser, "#wire", "get_group_member_info")
    shows(browser, "#wire", "send_group_msg")


def expands_a_call(browser, gateway):
    gateway.start_bot()
    up(browser, gateway)
    shows(browser, "#bots", "1")
    browser.type("#text", "/whoami" + ENTER)
    shows(browser, "#wire", "get_group_member_info")
    assert browser.run("return document.querySelectorAll('#wire pre').length") == 0
    browser.click("#wire details.call summary")
    shows(browser, "#wire details.call[open]", '"user_id": 10001')
    shows(browser, "#wire details.call[open]", '"retcode": 0')


def markup_is_text(browser, gateway):
    text = "<img src=x onerror=window.broken=1><script>window.broken=1</script>&amp;<b>x</b>"
    gateway.say(10001, 20001, text)
    with WebSocket(gateway.onebot, "/api") as bot:
        for type_, key in (("at", "qq"), ("image", "file"), ("share", "title"), (text, "x"),
                           ("reply", "id"), ("face", "id")):
            bot.send({"action": "send_group_msg", "params": {"group_id": 20001, "message": [
                {"type": type_, "data": {key: text}},
                {"type": "text", "data": {"text": "."}}]}, "echo": text})
            assert bot.receive()["status"] == "ok"
        bot.send({"action": text})
        bot.receive()
    up(browser, gateway)
    until(lambda: len(bubbles(browser)) == 7)
    assert bubbles(browser)[0] == text, bubbles(browser)[0]
    browser.run("for (const one of document.querySelectorAll('#wire summary')) one.click()")
    shows(browser, "#wire", "onerror")
    assert browser.run("return window.broken ?? null") is None
    assert browser.run("return document.querySelectorAll('.bubble b, .bubble script, #wire img,"
                       " .bubble img, #places img').length") == 0


def places_and_people(browser, gateway):
    up(browser, gateway)
    assert browser.run("return [...document.querySelectorAll('input[name=me]')].map(e => e.value)") \
        == ["10001", "10002", "10003", "10004", "10005"]
    gateway.say(10002, 20002, "in the other group")
    shows(browser, "[data-place=g20002] .badge", "1")
    assert bubbles(browser) == []
    choose(browser, "place", "g20002")
    shows(browser, "#log", "in the other group")
    assert browser.text("[data-place=g20002] .badge") is None
    choose(browser, "me", 10005)  # not a member there
    assert browser.run("return document.getElementById('text').disabled") is True
    shows(browser, "#no-bot", "Otto")
    gateway.say(10005, None, "mine alone")
    gateway.say(10004, None, "somebody else's")
    choose(browser, "place", "p10005")
    shows(browser, "#log", "mine alone")
    assert bubbles(browser) == ["mine alone"]


def keyboard_alone(browser, gateway):
    up(browser, gateway)
    browser.run("document.querySelector('input[name=me]:checked').focus()")
    browser.keys(DOWN)  # radio buttons: the arrows choose
    until(lambda: browser.run("return document.querySelector('input[name=me]:checked').value")
          == "10002")
    order = []
    for _ in range(12):
        browser.keys(TAB)
        order.append(browser.run("return document.activeElement.id || document.activeElement.name"))
    assert order[0] == "place" and "log" in order and "text" in order, order
    browser.run("document.getElementById('text').focus()")
    browser.keys(*"two", (SHIFT, ENTER))  # a new line
    browser.keys(*"lines", ENTER)
    until(lambda: bubbles(browser) == ["two\nlines"])


def composing_sends_nothing(browser, gateway):
    """Enter that ends the composition of a Chinese word is no sending."""
    up(browser, gateway)
    browser.run("""const text = document.getElementById('text');
        text.value = 'ni'; text.dispatchEvent(new Event('input'));
        text.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', isComposing: true}));""")
    gateway.say(10002, 20001, "marker")
    until(lambda: bubbles(browser) == ["marker"])
    assert browser.run("return document.getElementById('text').value") == "ni"


def recalls(browser, gateway):
    gateway.say(10001, 20001, "to be recalled")
    gateway.say(10002, 20001, "not mine")
    up(browser, gateway)
    until(lambda: len(bubbles(browser)) == 2)
    assert browser.run("return document.querySelectorAll('.recall').length") == 1
    browser.run("document.querySelector('.recall').click()")
    until(lambda: bubbles(browser) == ["not mine"])
    shows(browser, "#log", "撤回")


def too_long_is_said(browser, gateway):
    up(browser, gateway)
    script = """const text = document.getElementById('text'); text.value = '汉'.repeat(arguments[0]);
        text.dispatchEvent(new Event('input')); return document.getElementById('send').disabled"""
    assert browser.run(script, 4500) is False
    assert browser.run(script, 4501) is True
    shows(browser, "#count", "4501 / 4500")


def reading_further_up(browser, gateway):
    """A new message moves nobody who reads older ones; a button leads to it."""
    for number in range(40):
        gateway.say(10002, 20001, f"line {number}")
    up(browser, gateway)
    until(lambda: len(bubbles(browser)) == 40)
    where = "return document.getElementById('log').scrollTop"
    assert browser.run(where) > 0  # at the end
    browser.run("document.getElementById('log').scrollTop = 0")
    gateway.say(10002, 20001, "the newest")
    until(lambda: browser.run("return document.getElementById('newer').hidden") is False)
    assert browser.run(where) == 0
    browser.click("#newer")
    until(lambda: browser.run("return document.getElementById('newer').hidden") is True)
    assert browser.run(where) > 0
    gateway.say(10002, 20001, "followed again")
    until(lambda: len(bubbles(browser)) == 42)
    assert browser.run("const log = document.getElementById('log');"
                       " return log.scrollHeight - log.scrollTop - log.clientHeight") < 60


def gateway_gone_and_back(browser, gateway):
    """Said clearly, and made good without a reload: also when it has forgotten everything."""
    gateway.say(10001, 20001, "first run")
    up(browser, gateway)
    shows(browser, "#log", "first run")
    gateway.stop()
    until(lambda: browser.run("return document.getElementById('banner').hidden") is False)
    assert browser.run("return document.getElementById('send').disabled") is True
    again = Gateway(gateway.build, gateway.onebot, gateway.page)
    try:
        until(lambda: browser.run("return document.getElementById('banner').hidden") is True)
        again.say(10001, 20001, "second run")
        until(lambda: bubbles(browser) == ["second run"])
    finally:
        again.stop()
    browser.console()  # the failed connections are told there, as they should be


def bot_gone_is_said(browser, gateway):
    up(browser, gateway)
    shows(browser, "#no-bot", f"ws://127.0.0.1:{gateway.onebot}")
    with WebSocket(gateway.onebot, "/"):
        until(lambda: browser.run("return document.getElementById('no-bot').hidden") is True)
    until(lambda: browser.run("return document.getElementById('no-bot').hidden") is False)


def fits_every_width(browser, gateway):
    gateway.say(10001, 20001, "W" * 400)
    gateway.say(10003, 20001, "很长的一句话" * 30)
    up(browser, gateway)
    for width in (320, 360, 390, 600, 768, 1024, 1280, 1920):
        browser.resize(width, 700)
        for view in ("chat", "panel"):
            browser.run(f"document.querySelector('[data-show={view}]').click()")
            wide, high = browser.run("return [document.documentElement.scrollWidth - innerWidth,"
                                     " document.documentElement.scrollHeight - innerHeight]")
            assert wide <= 0 and high <= 0, (width, view, wide, high)
        if width <= 1080:
            continue
        for part in (".side", ".chat", ".panel"):
            assert browser.run("return document.querySelector(arguments[0]).offsetWidth", part) > 200
    browser.resize(320, 600)
    browser.run("document.querySelector('[data-show=chat]').click()")
    box = browser.run("const r = document.getElementById('send').getBoundingClientRect();"
                      " return [r.left, r.right, r.bottom]")
    assert 0 <= box[0] and box[1] <= 320 and box[2] <= 600, box


CONTRAST = """
const shade = (colour) => { const c = document.createElement('canvas').getContext('2d');
  c.fillStyle = colour; c.fillRect(0, 0, 1, 1); return [...c.getImageData(0, 0, 1, 1).data]; };
const over = (top, under) => top.slice(0, 3).map((v, i) =>
  v * top[3] / 255 + under[i] * (1 - top[3] / 255));
const back = (e) => { const list = []; for (; e; e = e.parentElement)
  list.unshift(shade(getComputedStyle(e).backgroundColor)); return list.reduce((a, b) => over(b, a), [255, 255, 255]); };
const light = (rgb) => rgb.map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
return [...document.querySelectorAll('body *')].filter(e => e.offsetParent && !e.closest(':disabled') &&
  !e.matches('.avatar') && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())).map(e => {
    const a = light(over(shade(getComputedStyle(e).color), back(e))), b = light(back(e));
    return [(Math.max(a, b) + .05) / (Math.min(a, b) + .05), e.className || e.id || e.tagName]; })
  .filter(([ratio]) => ratio < 4.5);
"""


def readable_in_both_schemes(browser, gateway):
    """Every text has a contrast of 4.5 at least (WCAG 2 AA), light and dark."""
    gateway.start_bot()
    gateway.say(10003, 20001, "hello")
    up(browser, gateway)
    shows(browser, "#bots", "1")
    browser.type("#text", "/whoami" + ENTER)
    shows(browser, "#wire", "send_group_msg")
    browser.click("#wire details.call summary")
    grounds = []
    for dark in (False, True):
        browser.resize(1280, 860, dark)
        browser.run("document.getAnimations().forEach(one => one.finish())")
        poor = browser.run(CONTRAST)
        assert poor == [], poor
        grounds.append(browser.run("return getComputedStyle(document.body).backgroundColor"))
    assert grounds[0] != grounds[1], grounds


def both_languages(browser, gateway):
    up(browser, gateway)
    shows(browser, "#send", "发送")
    browser.click("#language")
    shows(browser, "#send", "Send")
    assert browser.run("return document.documentElement.lang") == "en"
    left = browser.run("return [...document.querySelectorAll('[data-t], .pill, .hint, .empty')]"
                       ".map(e => e.innerText).filter(t => /undefined|[\\u4e00-\\u9fff]/.test(t))")
    assert left == [], left
    browser.run("localStorage.clear()")


def nothing_from_the_network(browser, gateway):
    up(browser, gateway)
    origins = browser.run("return [...new Set(performance.getEntriesByType('resource')"
                          ".map(e => new URL(e.name).origin))]")
    assert origins == [gateway.url.rstrip("/")], origins


TESTS = [says_and_is_answered, expands_a_call, markup_is_text, places_and_people, keyboard_alone,
         composing_sends_nothing, recalls, too_long_is_said, reading_further_up,
         gateway_gone_and_back, bot_gone_is_said, fits_every_width, readable_in_both_schemes,
         both_languages, nothing_from_the_network]
