#!/usr/bin/env python3
"""plugins.py - xie-bot and its folder of plugins from outside, told in TAP.

usage: plugins.py XIE-BOT INCLUDE-FOLDER COMPILER...
The plugin is built as its author would build it, against the headers alone.
"""
# SPDX-License-Identifier: MIT
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile

import bot as kit  # takes XIE-BOT from the command line, as we do

INCLUDE, COMPILER = sys.argv[2], sys.argv[3:]
SOURCE = """
#include <xie/onebot/plugin.h>
static int on_word(struct onebot_event *event)
{
    return onebot_reply(event, "%(version)s %%s",
                        onebot_string(onebot_plugin_settings(onebot_event_plugin(event)), "word"));
}
static int on_crash(struct onebot_event *event)
{
    (void)event;
    __builtin_trap();
}
static const struct onebot_rule rules[] = {{.command = {"word"}, .handler = on_word},
                                           {.command = {"crash"}, .handler = on_crash}, {0}};
static const struct onebot_config_key keys[] = {
    {.name = "word", .kind = ONEBOT_KEY_TEXT, .standard = "hi"}, {.name = NULL}};
ONEBOT_PLUGIN(.name = "%(name)s", .version = "%(version)s", .about = "a word",
              .rules = rules, .keys = keys);
"""


class Place:
    """A folder with settings and plugins, a bot that uses it, and its peer."""

    def __init__(self, folder):
        self.folder = folder
        self.plugins = os.path.join(folder, "plugins")
        self.settings = os.path.join(folder, "bot.yml")
        self.peer = kit.Peer()
        self.number = 0
        os.mkdir(self.plugins)
        self.configure("hi")

    def configure(self, word, more="", url=None):
        with open(self.settings, "w", encoding="utf-8") as file:
            file.write(f"endpoints:\n  - url: {url or self.peer.url}\nsuperusers: [10001]\n"
                       f"plugin_folder: {self.plugins}\nstore: {self.folder}/store.db\n"
                       f"plugins:\n  weather:\n    word: {word}\n{more}")

    def build(self, version, name="weather", file="weather.so"):
        """Put a plugin there as an editor of files does: beside, then renamed."""
        source, made = (os.path.join(self.folder, "p" + end) for end in (".c", ".so"))
        with open(source, "w", encoding="utf-8") as out:
            out.write(SOURCE % {"version": version, "name": name})
        flags = subprocess.run(["pkg-config", "--cflags", "jansson"], check=True, text=True,
                               capture_output=True).stdout
        subprocess.run([*COMPILER, "-shared", "-fPIC", "-o", made, source, "-I", INCLUDE,
                        *shlex.split(flags)], check=True)
        os.replace(made, os.path.join(self.plugins, file))

    def accept(self):
        self.peer.accept().upgrade()

    def say(self, text):
        """What the bot answers to a message by the superuser."""
        self.number += 1
        self.peer.message(text, self.number)
        call = self.peer.receive()
        self.peer.answer(call)
        return "".join(part["data"]["text"] for part in call["params"]["message"])


def place():
    return tempfile.TemporaryDirectory(prefix="xie-plugins-")


def test_the_folder_is_loaded_and_its_files_are_watched():
    with place() as folder:
        here = Place(folder)
        here.build("v1")
        with open(os.path.join(here.plugins, "broken.so"), "w", encoding="utf-8") as file:
            file.write("no object")
        with kit.Bot("--config", here.settings) as bot:
            bot.until(r"plugin .*broken\.so: it is no shared object")
            bot.until(r"plugin weather v1: loaded")
            here.accept()
            assert here.say("/word") == "v1 hi"
            here.build("v2")
            bot.until(r"plugin weather v2: reloaded")
            assert here.say("/word") == "v2 hi"
            here.build("v3", file="second.so", name="other")
            bot.until(r"plugin other v3: loaded")
            os.unlink(os.path.join(here.plugins, "weather.so"))
            bot.until(r"plugin weather: unloaded")
            assert here.say("/word") == "v3 hi"


def test_sighup_brings_settings_to_the_plugins():
    with place() as folder:
        here = Place(folder)
        here.build("v1")
        with kit.Bot("--config", here.settings) as bot:
            here.accept()
            bot.until(r"connected to")
            assert here.say("/word") == "v1 hi"
            here.configure("ho")
            bot.process.send_signal(signal.SIGHUP)
            line = bot.until(r"plugins\.weather")
            assert "next start" not in line, line
            bot.until(r"plugin weather v1: reloaded")
            assert here.say("/word") == "v1 ho"
            here.configure("all or nothing", url="ws://127.0.0.1:99999/")
            bot.process.send_signal(signal.SIGHUP)
            bot.until(r"config: the configuration stays as it was, but for the log")
            assert here.say("/word") == "v1 ho"
            here.configure("all")
            bot.process.send_signal(signal.SIGHUP)
            bot.until(r"plugin weather v1: reloaded")
            assert here.say("/word") == "v1 all"
            here.configure("[a, list]")
            bot.process.send_signal(signal.SIGHUP)
            bot.until(r"plugin weather: .*bot\.yml:\d+: plugins\.weather\.word")
            assert here.say("/word") == "v1 all"


def test_a_superuser_manages_them():
    with place() as folder:
        here = Place(folder)
        here.build("v1")
        with kit.Bot("--config", here.settings):
            here.accept()
            said = here.say("/plugin")
            assert re.search(r"^weather v1 \(serving, \d+ running\): a word$", said, re.M), said
            assert re.search(r"^plugin [\d.]+ \(serving, ", said, re.M), said
            assert here.say("/plugin unload weather") == "weather: unloaded"
            assert here.say("/plugin unload weather").startswith("weather: not unloaded: No such")
            assert here.say("/plugin load weather") == "weather: loaded"
            assert here.say("/plugin reload weather") == "weather: reloaded"
            assert here.say("/word") == "v1 hi"
            assert here.say("/plugin unload plugin").startswith("plugin: not unloaded: ")
            assert here.say("/plugin load ../plugins/weather").startswith("../plugins/weather: not")
            assert here.say("/plugin burn weather").startswith("/plugin list, or load")
            assert "10001" in open(here.settings, encoding="utf-8").read()
            here.number += 1
            here.peer.send('{"post_type": "message", "message_type": "private", "self_id": 10000,'
                           ' "user_id": 7, "time": 1, "message_id": 99, "message": "/plugin"}')
            assert here.say("/word") == "v1 hi"  # nothing was said to who may not


def test_what_is_unloaded_stays_so():
    with place() as folder:
        here = Place(folder)
        here.build("v1")
        with kit.Bot("--config", here.settings, "--plugins", here.plugins + "//") as bot:
            here.accept()
            assert here.say("/plugin unload weather") == "weather: unloaded"
            here.configure("ho")
            bot.process.send_signal(signal.SIGHUP)
            here.build("v3", file="second.so", name="other")
            bot.until(r"plugin other v3: loaded")
            assert "weather" not in here.say("/plugin list")
            assert here.say("/plugin load weather") == "weather: loaded"
            os.unlink(os.path.join(here.plugins, "second.so"))
            bot.until(r"plugin other: unloaded")
            assert "weather v1 (serving" in here.say("/plugin list")
            here.build("v2")
            bot.until(r"plugin weather v2: reloaded")


def test_without_a_configuration_the_command_line_names_the_folder():
    with place() as folder:
        here = Place(folder)
        here.build("v1")
        with kit.Bot("--url", here.peer.url, "--plugins", here.plugins) as bot:
            bot.until(r"plugin weather v1: loaded")
            here.accept()
            assert here.say("/word") == "v1 hi"
            os.rename(here.plugins, os.path.join(folder, "elsewhere"))
            bot.process.send_signal(signal.SIGHUP)
            bot.until(r"plugin_folder .*: No such file")
            assert here.say("/word") == "v1 hi"


def test_a_crash_names_the_plugin():
    with place() as folder:
        here = Place(folder)
        here.build("v1")
        bot = kit.Bot("--config", here.settings)
        here.accept()
        here.peer.message("/crash", 1)
        said = bot.process.stderr.read()
        assert bot.process.wait(kit.BOUND) == -signal.SIGILL, said
        assert "xie: crash: SIGILL at address 0x" in said, said
        assert "of plugin weather\n" in said, said
        assert "in the code of plugin weather\n" in said, said


TESTS = {name: function for name, function in globals().items() if name.startswith("test_")}


def main():
    for name in [name for name in vars(kit) if name.startswith("test_")]:
        delattr(kit, name)
    vars(kit).update(TESTS)
    return kit.main()


if __name__ == "__main__":
    sys.exit(main())
