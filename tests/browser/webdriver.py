"""webdriver.py - a browser driven over the WebDriver protocol, by the standard library alone.
https://www.w3.org/TR/webdriver2/ names every command used here."""
# SPDX-License-Identifier: MIT
import base64
import http.client
import json
import os
import re
import shutil
import subprocess
import tempfile

ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             "--disable-dev-shm-usage"]
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key by which the protocol names elements
STARTS = 5
BOUND = 60  # seconds; only ends what hangs


def missing():
    """The programs that a test needs and that are not here, as Debian's packages."""
    needs = {"chromium": "chromium", "chromedriver": "chromium-driver"}
    return [package for program, package in needs.items() if not shutil.which(program)]


class WebDriverError(Exception):
    """What the driver answered instead of a value."""


class Browser:
    """One headless Chromium with a profile of its own. A context manager."""

    def __init__(self, width=1280, height=860, dark=False, languages="zh-CN"):
        self.profile = tempfile.mkdtemp(prefix="xie-browser-")
        self.session = None
        try:
            self.port = self._start()
            arguments = [*ARGUMENTS, f"--user-data-dir={self.profile}",
                         f"--window-size={width},{height}", f"--lang={languages}",
                         f"--accept-lang={languages}"]
            options = {"args": arguments, "prefs": {"intl.accept_languages": languages}}
            answer = self._ask("POST", "/session", {"capabilities": {"alwaysMatch": {
                "browserName": "chrome", "goog:chromeOptions": options,
                "goog:loggingPrefs": {"browser": "ALL"}}}})
            self.session = f"/session/{answer['sessionId']}"
            self.resize(width, height, dark)
        except BaseException:
            self.close()
            raise

    def _start(self):
        """Start the driver; its port. It ends at once when the port that it chose for IPv4 is
        another program's for IPv6: then it may choose again."""
        said = []
        for _ in range(STARTS):
            self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE,
                                           stderr=subprocess.STDOUT, text=True,
                                           env=dict(os.environ, HOME=self.profile))
            for line in self.driver.stdout:
                found = re.search(r"started successfully on port (\d+)", line)
                if found:
                    return int(found[1])
                said.append(line)
            self.driver.wait(BOUND)
            self.driver.stdout.close()
        raise WebDriverError("chromedriver ended before it listened: " + "".join(said))

    def _ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=BOUND)
        try:
            connection.request(method, path, None if body is None else json.dumps(body),
                               {"Content-Type": "application/json"})
            answer = connection.getresponse()
            value = json.loads(answer.read())["value"]
        finally:
            connection.close()
        if answer.status != 200:
            raise WebDriverError(value["error"] + ": " + value["message"].splitlines()[0])
        return value

    def call(self, method, path, body=None):
        """A command of the session."""
        return self._ask(method, self.session + path, body)

    def devtools(self, command, **parameters):
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def resize(self, width, height, dark=False):
        """Set the page's own width and height: a window cannot be as narrow as a phone."""
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height,
                      deviceScaleFactor=1, mobile=width < 720)
        self.devtools("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def open(self, url):
        self.call("POST", "/url", {"url": url})

    def run(self, script, *values):
        """Run a function body in the page; the values are its arguments."""
        return self.call("POST", "/execute/sync", {"script": script, "args": list(values)})

    def find(self, selector):
        found = self.call("POST", "/element", {"using": "css selector", "value": selector})
        return found[ELEMENT]

    def click(self, selector):
        self.call("POST", f"/element/{self.find(selector)}/click", {})

    def type(self, selector, text):
        self.call("POST", f"/element/{self.find(selector)}/value", {"text": text})

    def keys(self, *keys):
        """Press keys, one after another, wherever the focus is; a tuple's first is held."""
        actions = []
        for key in keys:
            held, pressed = key if isinstance(key, tuple) else (None, key)
            actions += [{"type": "keyDown", "value": held}] if held else []
            actions += [{"type": kind, "value": pressed} for kind in ("keyDown", "keyUp")]
            actions += [{"type": "keyUp", "value": held}] if held else []
        self.call("POST", "/actions", {"actions": [
            {"type": "key", "id": "keyboard", "actions": actions}]})

    def text(self, selector):
        return self.run("return document.querySelector(arguments[0])?.innerText ?? null", selector)

    def console(self):
        """What the console was told since the last time, warnings and errors."""
        return [entry["message"] for entry in self.call("POST", "/se/log", {"type": "browser"})
                if entry["level"] in ("WARNING", "SEVERE")]

    def screenshot(self, name):
        with open(name, "wb") as file:
            file.write(base64.b64decode(self.call("GET", "/screenshot")))

    def close(self):
        if self.session:
            try:
                self.call("DELETE", "")
            except (OSError, WebDriverError, ValueError):
                pass
        self.driver.terminate()
        self.driver.wait(BOUND)
        self.driver.stdout.close()
        shutil.rmtree(self.profile, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
