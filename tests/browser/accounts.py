"""accounts.py - several accounts on the page: talks with each side by side, the panel for one of them.
Each test gets a fresh page on a gateway of its own, as in page.py."""
# SPDX-License-Identifier: MIT
from page import ENTER, TAB, bubbles, choose, shows, until, up
from tools import COUNT, UNNAMED, ask, called, choose_item, heard, pick, press
from websocket import WebSocket

TWIN = 10010
WORDS = "return [...document.querySelectorAll(arguments[0])].map(e => e.innerText)"


def with_twin(browser, gateway, width=1600):
    """The page, and another account beside the first."""
    ask(gateway, "api/accounts", {"user_id": TWIN, "nickname": "双子"})
    up(browser, gateway, width)
    until(lambda: browser.run(COUNT, "#places input") == 4)


def talks_side_by_side(browser, gateway):
    """One person, two bots: each hears its own talk alone, and answers there."""
    with_twin(browser, gateway)
    with WebSocket(gateway.onebot, "/") as first, WebSocket(gateway.onebot, f"/{TWIN}") as twin:
        choose(browser, "place", "p10001")
        shows(browser, "#chat-title", "小协")
        browser.click("#more")  # the same person, with the other account
        shows(browser, "#chat-title-1", "双子")
        assert browser.run("return location.hash") == "#10001-p10001+10001-p10001~10010"
        browser.type("#text", "to the first" + ENTER)
        assert heard(first, post_type="message")["raw_message"] == "to the first"
        browser.type("#text-1", "to the twin" + ENTER)
        assert heard(twin, post_type="message")["raw_message"] == "to the twin"
        for bot, words in ((first, "I am the first"), (twin, "I am the twin")):
            assert called(bot, "send_private_msg", user_id=10001, message=words)["status"] == "ok"
        shows(browser, "#log", "I am the first")
        shows(browser, "#log-1", "I am the twin")
        assert browser.run(WORDS, "#log .bubble") == ["to the first", "I am the first"]
        assert browser.run(WORDS, "#log-1 .bubble") == ["to the twin", "I am the twin"]
        assert browser.run(WORDS, "#log-1 .tag.bot") == ["机器人"]
        called(twin, "send_group_msg", group_id=20001, message="hello, first")  # and to each other
        assert heard(first, post_type="message", user_id=TWIN)["raw_message"] == "hello, first"
    browser.open(gateway.url + "#10001-p10001+10001-p10001~10010")
    shows(browser, "#log-1", "I am the twin")  # the address leads back to both


def the_panel_for_one_account(browser, gateway):
    with_twin(browser, gateway)
    with WebSocket(gateway.onebot, "/") as first, WebSocket(gateway.onebot, f"/{TWIN}") as twin:
        browser.click("#tab-timeline")
        said = gateway.say(10002, 20001, "who is there?")
        for bot, words in ((first, "me"), (twin, "me too")):
            heard(bot, post_type="message", message_id=said)
            called(bot, "send_group_msg", group_id=20001, message=f"[CQ:reply,id={said}]{words}")
        stories = lambda: browser.run(WORDS, ".story")  # noqa: E731
        until(lambda: sum("who is there?" in one and "send_group_msg" in one for one in stories()) == 2)
        mine, other = [next(one for one in stories() if "who is there?" in one and f"· {name}" in one)
                       for name in ("小协", "双子")]
        assert "me too" not in mine and "me too" in other, (mine, other)  # each its own calls
        pick(browser, "#story-account", TWIN)
        until(lambda: all("小协" not in one for one in stories()))
        assert any("me too" in one for one in stories()), stories()
        press(browser, "#tab-wire")
        assert browser.run("return document.getElementById('wire-account').value") == str(TWIN)
        calls = browser.run(WORDS, "#wire .call summary")
        assert len(calls) == 1 and "双子" in calls[0], calls
        pick(browser, "#wire-account", 0)
        assert len(browser.run(WORDS, "#wire .call summary")) == 2


def faults_for_one_account(browser, gateway):
    with_twin(browser, gateway)
    press(browser, "#tab-faults")
    pick(browser, "#fault-account", TWIN)
    press(browser, "#fault-deaf")
    shows(browser, "#fault-count", "1")
    until(lambda: ask(gateway, f"api/faults?account={TWIN}")["deaf"])
    assert not ask(gateway, "api/faults")["deaf"]
    pick(browser, "#fault-account", 10000)
    shows(browser, "#fault-state", "一切正常")
    pick(browser, "#fault-account", TWIN)
    shows(browser, "#fault-count", "1")
    ask(gateway, "api/accounts", {"user_id": TWIN, "open": False})  # then it is the first one's again
    until(lambda: browser.run("return document.getElementById('fault-account').hidden"))
    shows(browser, "#fault-state", "一切正常")


def faults_stay_with_their_account(browser, gateway):
    """A change is the one's who was looked at, though somebody else is when it is asked for."""
    with_twin(browser, gateway)
    press(browser, "#tab-faults")
    shows(browser, "#fault-state", "一切正常")
    ask(gateway, f"api/faults?account={TWIN}", {"string_ids": True})
    browser.run("""document.getElementById('fault-deaf').click();
        const select = document.getElementById('fault-account'); select.value = arguments[0];
        select.dispatchEvent(new Event('change', {bubbles: true}));""", str(TWIN))
    until(lambda: browser.run("return document.getElementById('fault-string_ids').checked"))
    until(lambda: ask(gateway, "api/faults")["deaf"])
    assert ask(gateway, f"api/faults?account={TWIN}")["deaf"] is False
    assert browser.run("return document.getElementById('fault-deaf').checked") is False
    press(browser, "#fault-missing_echo")
    until(lambda: ask(gateway, f"api/faults?account={TWIN}")["missing_echo"])
    now = ask(gateway, f"api/faults?account={TWIN}"), ask(gateway, "api/faults")
    assert now[0]["string_ids"] and not now[0]["deaf"] and not now[1]["missing_echo"], now


def accounts_come_and_go(browser, gateway):
    """Somebody whom a column is becomes an account: it moves on; and becomes a person again."""
    up(browser, gateway, 1600)
    choose(browser, "me", 10002)
    press(browser, "#tab-accounts")
    assert browser.run(WORDS, "#accounts b") == ["小协"]
    browser.type("#account-number", "10002" + ENTER)
    until(lambda: browser.run(WORDS, "#accounts b") == ["小协", "Mira"])
    shows(browser, "#spoken", "Mira")
    assert browser.run("return [...document.querySelectorAll('input[name=me]')].map(e => e.value)") \
        == ["10001", "10003", "10004", "10005"]
    assert browser.run("return document.querySelector('input[name=me]:checked').value") == "10001"
    shows(browser, "[data-account='10002'] code", f"ws://127.0.0.1:{gateway.onebot}/10002")
    with WebSocket(gateway.onebot, "/10002") as mira:
        shows(browser, "[data-account='10002']", "1 个机器人")
        called(mira, "send_group_msg", group_id=20001, message="I am a bot now")
        shows(browser, "#log .from-bot", "I am a bot now")
        press(browser, "#reports-10002")
        until(lambda: ask(gateway, "api/accounts")[1]["report_self"])
        press(browser, "#close-10002")
        until(lambda: browser.run(WORDS, "#accounts b") == ["小协"])
    until(lambda: browser.run(COUNT, "input[name=me]") == 5)
    for number, words in (("10000000000000000", None), ("80000000", "mask"), ("0", "positive")):
        browser.run("document.getElementById('account-number').value = ''")
        browser.type("#account-number", number + ENTER)
        if words:
            shows(browser, "#account-problem", words)
    assert len(ask(gateway, "api/accounts")) == 2  # the first, and a number of 15 digits
    assert "400" in " ".join(browser.console())


URLS = """return Promise.all([import('/state.js'), import('/column.js')]).then(([{ state }, { urlOf }]) => {
  const first = [urlOf(10000) === state.onebot, urlOf(10010) === `${state.onebot}/10010`];
  state.onebot = "";
  state.onebotOf = new Map([[10010, "ws://twin"]]);
  return [...first, urlOf(10010), urlOf(10000)]; })"""


def each_account_has_its_url(browser, gateway):
    """Behind the door that is open to all; its own where there is none."""
    up(browser, gateway)
    assert browser.run(URLS) == [True, True, "ws://twin", ""]


def nobody_is_an_account(browser, gateway):
    """Who the page would be is one from the beginning: it is somebody else."""
    ask(gateway, "api/accounts", {"user_id": 10001})
    up(browser, gateway, 1600)
    until(lambda: browser.run("return document.querySelector('input[name=me]:checked')?.value") == "10002")
    browser.type("#text", "by a person" + ENTER)
    until(lambda: "by a person" in bubbles(browser))


def acts_name_the_account(browser, gateway):
    with_twin(browser, gateway)
    with WebSocket(gateway.onebot, f"/{TWIN}") as twin, WebSocket(gateway.onebot, "/") as first:
        choose(browser, "place", "p10001~10010")
        browser.click("#acts")
        choose_item(browser, "戳一戳机器人")
        heard(twin, sub_type="poke", user_id=10001, target_id=TWIN)
        browser.click("#acts")
        choose_item(browser, "删除机器人好友")
        until(lambda: browser.run("return document.getElementById('text').disabled"))
        choose(browser, "place", "p10001")  # still a friend of the first
        assert browser.run("return document.getElementById('text').disabled") is False
        choose(browser, "place", "g20001")
        browser.click("#acts")
        lines = browser.run(WORDS, ".menu [role=menuitem]")
        assert sum("双子" in one for one in lines) == 3 and sum("小协" in one for one in lines) == 3, lines
        browser.click("#acts")
        gateway.say(10002, 20001, "marker")
        while heard(first, post_type="message")["raw_message"] != "marker":
            pass


def accounts_by_keyboard(browser, gateway):
    """Named, in both languages; reached and used without a mouse; fits a phone."""
    with_twin(browser, gateway, 390)
    browser.run("document.querySelector('[data-show=panel]').click();"
                " document.getElementById('tab-wire').focus()")
    browser.keys(*("\ue014" * 3))  # to the right
    assert browser.run("return document.activeElement.id") == "tab-accounts"
    seen = []
    for _ in range(7):
        browser.keys(TAB)
        seen.append(browser.run("return document.activeElement.id"))
    assert seen == ["clear", "reports-10000", f"close-{TWIN}", f"reports-{TWIN}", "account-number",
                    "account-name", ""], seen
    browser.run(f"document.getElementById('reports-{TWIN}').focus()")
    browser.keys(" ")
    until(lambda: ask(gateway, "api/accounts")[1]["report_self"])
    assert browser.run("return document.activeElement.id") == f"reports-{TWIN}"  # not lost
    for language in ("zh", "en"):
        assert browser.run("return document.documentElement.lang") == language
        for tab in ("wire", "timeline", "faults", "accounts"):
            press(browser, f"#tab-{tab}")
            assert browser.run(UNNAMED) == []
        for width in (320, 390, 768, 1280):
            browser.resize(width, 700)
            wide, high = browser.run("return [document.documentElement.scrollWidth - innerWidth,"
                                     " document.documentElement.scrollHeight - innerHeight]")
            assert wide <= 0 and high <= 0, (width, wide, high)
        press(browser, "#language")
    browser.run("localStorage.clear()")


TESTS = [talks_side_by_side, the_panel_for_one_account, faults_for_one_account, faults_stay_with_their_account, accounts_come_and_go,
         each_account_has_its_url, nobody_is_an_account, acts_name_the_account, accounts_by_keyboard]
