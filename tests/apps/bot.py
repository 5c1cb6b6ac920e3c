#!/usr/bin/env python3
"""bot.py - xie-bot from outside, told in TAP: its command line, and what it says of bad luck.

usage: bot.py XIE-BOT
Ports are the kernel's choice. Nothing is judged by the clock: BOUND only ends what hangs.
"""
# SPDX-License-Identifier: MIT
import base64
import hashlib
import json
import os
import re
import signal
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import traceback

BOT = sys.argv[1]
BOUND = 60  # seconds


def run(*arguments, **environment):
    """Run to its end: exit code, standard output, standard error."""
    done = subprocess.run([BOT, *arguments], env=clean(environment), text=True, timeout=BOUND,
                          capture_output=True)
    return done.returncode, done.stdout, done.stderr


def clean(more):
    env = {key: value for key, value in os.environ.items() if key not in ("XIE_BACKEND", "XIE_TOKEN")}
    return dict(env, **more)


class Bot:
    """A bot that runs; leaving the block ends it by SIGTERM, with exit code 0."""

    def __init__(self, *arguments, **environment):
        self.process = subprocess.Popen([BOT, *arguments], env=clean(environment), text=True,
                                        stderr=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.process.send_signal(signal.SIGKILL if kind else signal.SIGTERM)
        self.process.stderr.read()
        assert self.process.wait(BOUND) == 0 or kind, f"exit code {self.process.returncode}"

    def until(self, pattern):
        """Read its log until a line matches."""
        for line in self.process.stderr:
            print(f"# {line}", end="")
            if re.search(pattern, line):
                return line
        raise AssertionError(f"ended without saying {pattern!r}")


class Peer:
    """As much of a WebSocket server as these tests need."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(BOUND)
        self.url = "ws://127.0.0.1:%d/" % self.listener.getsockname()[1]

    def accept(self):
        self.stream = self.listener.accept()[0]
        self.stream.settimeout(BOUND)
        self.head = b""
        while b"\r\n\r\n" not in self.head:
            self.head += self.take(1)
        return self

    def take(self, count):
        data = b""
        while len(data) < count:
            more = self.stream.recv(count - len(data))
            assert more, "the bot closed the connection"
            data += more
        return data

    def upgrade(self):
        key = re.search(rb"Sec-WebSocket-Key: *(\S+)", self.head, re.I)[1]
        accept = base64.b64encode(
            hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        self.stream.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                            b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        return self

    def refuse(self, status):
        self.stream.sendall(b"HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n" % status)
        self.stream.close()

    def send(self, text):
        data = text.encode()
        assert len(data) < 65536
        size = bytes([len(data)]) if len(data) < 126 else b"\x7e" + len(data).to_bytes(2, "big")
        self.stream.sendall(b"\x81" + size + data)

    def receive(self):
        """The next message, parsed."""
        first, size = self.take(2)
        size &= 127
        if size >= 126:
            size = int.from_bytes(self.take(2 if size == 126 else 8), "big")
        mask = self.take(4)
        data = bytes(byte ^ mask[i % 4] for i, byte in enumerate(self.take(size)))
        return json.loads(data) if first == 0x81 else self.receive()

    def answer(self, call):
        self.send(json.dumps({"status": "ok", "retcode": 0, "data": {"message_id": 1},
                              "echo": call["echo"]}))

    def message(self, text, number):
        self.send(json.dumps({"post_type": "message", "message_type": "private", "self_id": 10000,
                              "user_id": 10001, "time": 1, "message_id": number, "message": text}))


class SecurePeer(Peer):
    """The same over TLS, with a certificate of its own making."""

    def __init__(self, folder):
        super().__init__()
        self.url = "wss" + self.url[2:]
        self.cert, key = (os.path.join(folder, name) for name in ("cert.pem", "key.pem"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=peer",
                        "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key,
                        "-out", self.cert], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert, key)
        self.listener = context.wrap_socket(self.listener, server_side=True)

    def be_refused(self):
        while True:
            try:
                self.listener.accept()
            except OSError:
                pass  # what the client says of the certificate


def nobody():
    """A URL where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return "ws://127.0.0.1:%d/" % listener.getsockname()[1]


def test_help_and_version():
    code, out, err = run("--help")
    assert code == 0 and out.startswith("usage: xie-bot --url ws[s]://") and not err
    assert "--config FILE" in out
    code, out, err = run("--version")
    assert code == 0 and re.fullmatch(r"xie-bot \d+\.\d+\.\d+\n", out) and not err


def test_without_standard_descriptors():
    """What it logs goes nowhere, and into no socket."""
    peer = Peer()
    bot = subprocess.Popen(["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", BOT, "--url", peer.url],
                           env=clean({}))
    peer.accept().upgrade().message("/help", 1)
    call = peer.receive()
    assert "/quiz" in json.dumps(call["params"])
    peer.answer(call)
    bot.send_signal(signal.SIGTERM)
    assert bot.wait(BOUND) == 0


def test_help_on_a_full_disk_is_told():
    with open("/dev/full", "w", encoding="utf-8") as full:
        for option in ("--help", "--version"):
            assert subprocess.run([BOT, option], stdout=full, check=False).returncode == 1


def test_wrong_usage_is_code_2():
    for arguments in ([], ["--nothing"], ["--url"], ["--url", nobody(), "more"], ["--token", "x"],
                      ["--check-config"], ["--config"], ["--config", "x", "--token", "y"]):
        code, out, err = run(*arguments)
        assert code == 2 and not out and "see --help" in err, (arguments, code, out, err)


def test_wrong_urls_are_code_2():
    for url in ("http://127.0.0.1/", "127.0.0.1:6700", "ws://", "", "wss://",
                "ws://127.0.0.1:99999/"):
        code, _, err = run("--url", url)
        assert code == 2, (url, code, err)
        assert "--url must be ws://HOST[:PORT][/PATH], or wss://" in err, (url, err)


def test_a_token_that_no_header_can_carry():
    code, _, err = run("--url", nobody(), "--token", "a\nb")
    assert code == 1 and "the token has control characters" in err, (code, err)


def test_an_unknown_backend():
    code, _, err = run("--url", nobody(), XIE_BACKEND="nothing")
    assert code == 1 and "xie-bot: " in err, (code, err)


def test_a_refused_port_and_the_next_try():
    url = nobody()
    with Bot("--url", url) as bot:
        assert "Connection refused" in bot.until("cannot connect to " + re.escape(url))
        bot.until(r"next try in \d+\.\d s")


def test_the_token_by_option_and_by_environment():
    for arguments, environment in ((["--token", "s3cret"], {}), ([], {"XIE_TOKEN": "s3cret"})):
        peer = Peer()
        with Bot("--url", peer.url, *arguments, **environment) as bot:
            peer.accept()
            assert re.search(rb"^Authorization: Bearer s3cret\r$", peer.head, re.M), peer.head
            peer.upgrade()
            bot.until(" connected to ")


def test_a_token_refused_before_the_upgrade():
    for status in (401, 403):
        peer = Peer()
        with Bot("--url", peer.url, "--token", "wrong") as bot:
            peer.accept().refuse(status)
            bot.until(rf"error .*the token was refused by .*\(HTTP {status}\)")
            bot.until(r"next try in 60\.0 s")


def test_a_token_refused_after_the_upgrade():
    peer = Peer()
    with Bot("--url", peer.url) as bot:
        peer.accept().upgrade().send('{"status":"failed","retcode":1403,"message":"token"}')
        bot.until(r"error .*the token was refused \(retcode 1403\)")
        bot.until(r"next try in 60\.0 s")


def test_no_websocket_there():
    peer = Peer()
    with Bot("--url", peer.url) as bot:
        peer.accept().refuse(404)
        bot.until(r"cannot connect to .*\(HTTP 404\)")


def test_junk_an_unknown_echo_and_then_work():
    peer = Peer()
    with Bot("--url", peer.url) as bot:
        peer.accept().upgrade()
        peer.send("this is no JSON")
        bot.until("is not JSON .*this is no JSON")
        peer.send('{"status":"ok","retcode":0,"data":null,"echo":"77"}')
        bot.until('no call waits for .*echo "77"')
        peer.message("/help", 1)
        call = peer.receive()
        assert call["action"] == "send_private_msg" and call["params"]["user_id"] == 10001
        assert "/whoami" in call["params"]["message"][0]["data"]["text"]
        peer.answer(call)


def without_tls():
    """There is no openssl to make a certificate with; or this bot was built without TLS."""
    if not shutil.which("openssl"):
        return True
    bot = subprocess.Popen([BOT, "--url", "wss" + nobody()[2:]], env=clean({}), text=True,
                           stderr=subprocess.PIPE)
    line = bot.stderr.readline()
    bot.kill()
    bot.communicate()
    return "rotocol not supported" in line


def test_a_certificate_that_nobody_trusts_is_told():
    if without_tls():
        return
    with tempfile.TemporaryDirectory() as folder:
        peer = SecurePeer(folder)
        threading.Thread(target=peer.be_refused, daemon=True).start()
        with Bot("--url", peer.url) as bot:
            bot.until("cannot connect to wss://.*(self-signed|not trusted)")
            bot.until("next try in")


def test_work_over_tls():
    if without_tls():
        return
    with tempfile.TemporaryDirectory() as folder:
        peer = SecurePeer(folder)
        with Bot("--url", peer.url, SSL_CERT_FILE=peer.cert) as bot:
            peer.accept().upgrade().message("/help", 1)
            bot.until("connected to wss://")
            call = peer.receive()
            assert call["action"] == "send_private_msg", call
            peer.answer(call)


def test_killed_in_the_middle_of_a_call():
    peer = Peer()
    with Bot("--url", peer.url) as bot:
        peer.accept().upgrade().message("/whoami", 1)
        assert peer.receive()["action"] == "get_stranger_info"
        peer.stream.close()
        bot.until("1 call failed with the connection")
        bot.until("connection lost")
        bot.until("next try in")
        peer.accept().upgrade().message("/help", 2)
        call = peer.receive()
        assert call["action"] == "send_private_msg"
        peer.answer(call)


class File:
    """A configuration, in a folder of its own."""

    def __init__(self, text):
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "bot.yml")
        self.write(text)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.folder.cleanup()

    def beside(self, name):
        return os.path.join(self.folder.name, name)

    def write(self, text):
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(text)

    def check(self, **environment):
        return run("--config", self.path, "--check-config", **environment)


def test_the_printed_configuration_is_a_right_one():
    code, text, err = run("--print-config")
    assert code == 0 and not err and "# access token, sent or expected" in text
    with File(text + "\nendpoints: [{url: 'ws://127.0.0.1:1/'}]\n") as file:
        assert file.check() == (0, "", "")
    with open("/dev/full", "w", encoding="utf-8") as full:
        assert subprocess.run([BOT, "--print-config"], stdout=full, check=False).returncode == 1


def test_every_wrong_key_is_told_with_its_line():
    with File("endpoint: []\nendpoints:\n- url: ftp://x\n  tokn: a\n- listen: ':1'\n"
              "  self_id: me\nlog:\n  level: loud\nsuperusers: 5\n") as file:
        for arguments in (["--check-config"], []):
            code, out, err = run("--config", file.path, *arguments)
            assert code == 1 and not out, (code, out)
            lines = [line.removeprefix(file.path) for line in err.splitlines()]
            assert sorted(lines) == [
                ':1: endpoint: unknown key; did you mean "endpoints"?',
                ":3: endpoints[0].url: should be ws://HOST[:PORT][/PATH], or begin with wss://, "
                "http:// or https://",
                ':4: endpoints[0].tokn: unknown key; did you mean "token"?',
                ':6: endpoints[1].self_id: "me" is not a whole number',
                ':8: log.level: "loud" is none of debug, info, warning, error',
                ':9: superusers: should be a list: [a, b], or lines of "- value"'], lines


def test_files_that_are_none():
    with File("endpoints: [") as file:
        code, _, err = file.check()
        assert code == 1 and re.match(re.escape(file.path) + r":\d: \w", err), err
        code, _, err = run("--config", file.beside("none"), "--check-config")
        assert code == 1 and err == file.beside("none") + ": No such file or directory\n", err
        code, _, err = run("--config", file.folder.name)
        assert code == 1 and ": Is a directory" in err, err
        file.write("")
        code, _, err = file.check()
        assert code == 1 and "endpoints: there is none" in err, err


def test_a_secret_of_the_environment():
    peer = Peer()
    with File(f"endpoints:\n- url: {peer.url}\n  token: $XIE_TEST_TOKEN\n") as file:
        code, _, err = file.check()
        assert code == 1 and f'{file.path}:3: endpoints[0].token: there is no "XIE_TEST_TOKEN"' in err
        assert file.check(XIE_TEST_TOKEN="s3cret") == (0, "", "")
        with Bot("--config", file.path, XIE_TEST_TOKEN="s3cret") as bot:
            peer.accept()
            assert b"Authorization: Bearer s3cret\r\n" in peer.head, peer.head
            peer.upgrade()
            bot.until(" connected to ")


def test_the_command_line_overrides_the_file():
    peer = Peer()
    with File(f"endpoints: [{{url: '{nobody()}', token: wrong}}]\n") as file:
        with Bot("--config", file.path, "--url", peer.url, "--token", "right"):
            peer.accept()
            assert b"Authorization: Bearer right\r\n" in peer.head, peer.head
            peer.upgrade()


def test_a_url_that_only_the_start_finds_wrong():
    with File("endpoints: [{url: 'ws://127.0.0.1:99999/'}]") as file:
        code, _, err = run("--config", file.path)
        assert code == 1 and "--url" not in err and "not a valid URL" in err, (code, err)


def test_sighup_reads_the_file_again_and_the_bot_goes_on():
    peer = Peer()
    endpoint = f"endpoints: [{{url: '{peer.url}'}}]\n"
    with File(endpoint) as file, Bot("--config", file.path) as bot:
        peer.accept().upgrade()
        bot.until(" connected to ")
        file.write(endpoint + "log: {level: debug}\nlimits: {calls: 5}\n")
        bot.process.send_signal(signal.SIGHUP)
        bot.until(r"config: limits\.calls has changed$")
        bot.until(r"config: log\.level has changed$")
        bot.until("config: read again: 2 changes")
        file.write(endpoint + "log: {level: [}\n")
        bot.process.send_signal(signal.SIGHUP)
        bot.until(r"error .*bot\.yml:2: ")
        bot.until("the configuration stays as it was")
        peer.message("/help", 1)
        call = peer.receive()
        assert call["action"] == "send_private_msg", call
        peer.answer(call)


def hang_up(file, bot, text):
    file.write(text)
    bot.process.send_signal(signal.SIGHUP)


def say(peer, text, number):
    """Have somebody say it, and take the bot's reply."""
    peer.message(text, number)
    call = peer.receive()
    assert call["action"] == "send_private_msg", call
    peer.answer(call)
    return call["params"]["message"][0]["data"]["text"]


def be_left(peer):
    """Take the rest of a connection that the bot ends."""
    while peer.stream.recv(4096):
        pass
    peer.stream.close()


def test_sighup_changes_endpoints_and_words():
    one, two = Peer(), Peer()
    both = f"endpoints: [{{url: '{one.url}'}}, {{url: '{two.url}', token: a}}]\n"
    with File(f"endpoints: [{{url: '{one.url}'}}]\n") as file, \
            Bot("--config", file.path) as bot:
        one.accept().upgrade()
        assert "/whoami" in say(one, "/help", 1)
        hang_up(file, bot, both + "commands: {prefixes: ['!']}\n")
        bot.until(r"config: commands\.prefixes has changed$")
        bot.until("settings changed; endpoints: 1 new, 1 as before")
        bot.until("config: read again: 2 changes")
        two.accept()
        assert b"Authorization: Bearer a\r\n" in two.head, two.head
        two.upgrade()
        one.message("/help", 2)  # no command any more
        assert "!whoami" in say(one, "!help", 3)
        assert "!whoami" in say(two, "!help", 4)
        hang_up(file, bot, f"endpoints: [{{url: '{two.url}', token: b}}]\n")
        be_left(one)
        be_left(two)
        two.accept()
        assert b"Authorization: Bearer b\r\n" in two.head, two.head
        two.upgrade()
        assert "/whoami" in say(two, "/help", 5)


def test_sighup_with_what_only_a_start_finds_wrong():
    peer = Peer()
    endpoint = f"{{url: '{peer.url}'}}"
    with File(f"endpoints: [{endpoint}]\n") as file, Bot("--config", file.path) as bot:
        peer.accept().upgrade()
        for text, line in ((f"endpoints: [{endpoint}, {{url: 'ws://127.0.0.1:99999/'}}]\n",
                            "99999/: not a valid URL"),
                           (f"endpoints: [{endpoint}, {{listen: nowhere}}]\n", "not \"host:port\""),
                           (f"endpoints: [{endpoint}, {{url: 'wss://a', tls: {{ca: /none}}}}]\n",
                            r"endpoints\[1\]\.tls: "),
                           ("endpoints: []\n", "endpoints: there is none, nor --url")):
            hang_up(file, bot, text)
            bot.until(r"config: endpoints has changed$")
            bot.until(line)
            bot.until("config: the configuration stays as it was")
        assert "/whoami" in say(peer, "/help", 1)


def test_sighup_beside_the_command_line():
    peer = Peer()
    with File(f"endpoints: [{{url: '{nobody()}'}}]\n") as file, \
            Bot("--config", file.path, "--url", peer.url) as bot:
        peer.accept().upgrade()
        hang_up(file, bot, "superusers: [5]\nplugins: {a: {b: 1}}\n")
        bot.until(r"config: endpoints has changed; --url takes their place")
        bot.until(r"config: superusers has changed$")
        bot.until("settings changed; endpoints: 0 new, 1 as before")
        assert "/whoami" in say(peer, "/help", 1)


def certificate(folder, name):
    """Into cert.pem and key.pem, as one who renews them would."""
    new = [os.path.join(folder, part) for part in ("new.cert", "new.key")]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", new[1], "-out", new[0]],
                   check=True, capture_output=True)
    os.rename(new[0], os.path.join(folder, "cert.pem"))
    os.rename(new[1], os.path.join(folder, "key.pem"))


class Guest(Peer):
    """An implementation that comes to the bot, over TLS."""

    def __init__(self, port, cert):
        context = ssl.create_default_context(cafile=cert)
        self.stream = context.wrap_socket(socket.create_connection(("127.0.0.1", port), BOUND),
                                          server_hostname="127.0.0.1")
        self.subject = self.stream.getpeercert()["subject"][0][0][1]
        self.stream.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"
                            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                            b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"
                            b"X-Self-ID: 10000\r\n\r\n")
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.take(1)
        assert head.startswith(b"HTTP/1.1 101 "), head

    def send(self, text):
        data = text.encode()
        size = (bytes([0x80 | len(data)]) if len(data) < 126 else
                b"\xfe" + len(data).to_bytes(2, "big"))
        self.stream.sendall(b"\x81" + size + bytes(4) + data)

    def receive(self):
        first, size = self.take(2)
        if size >= 126:
            size = int.from_bytes(self.take(2 if size == 126 else 8), "big")
        data = self.take(size)
        return json.loads(data) if first == 0x81 else self.receive()


def test_sighup_renews_certificates():
    if without_tls():
        return
    with File("") as file:
        certificate(file.folder.name, "first")
        file.write("endpoints:\n- listen: 127.0.0.1:0\n"
                   f"  tls: {{certificate: {file.beside('cert.pem')}, "
                   f"key: {file.beside('key.pem')}}}\n")
        with Bot("--config", file.path) as bot:
            port = int(bot.until("listening on ").rsplit(":", 1)[1])
            old = Guest(port, file.beside("cert.pem"))
            assert old.subject == "first" and "/whoami" in say(old, "/help", 1)
            certificate(file.folder.name, "second")
            bot.process.send_signal(signal.SIGHUP)
            bot.until("config: read again: 0 changes")
            assert "/whoami" in say(old, "/help", 2)
            new = Guest(port, file.beside("cert.pem"))
            assert new.subject == "second", new.subject
            assert "/whoami" in say(new, "/help", 3)
            with open(file.beside("key.pem"), "w", encoding="utf-8") as key:
                key.write("none\n")
            bot.process.send_signal(signal.SIGHUP)
            bot.until(r"config: .*endpoints\[0\]\.tls: ")
            bot.until("config: the configuration stays as it was")
            again = Guest(port, file.beside("cert.pem"))
            assert again.subject == "second" and "/whoami" in say(again, "/help", 4)


def test_the_log_in_a_file_that_is_moved():
    peer = Peer()
    with File("") as file:
        log, old = file.beside("log"), file.beside("log.1")
        file.write(f"endpoints: [{{url: '{peer.url}'}}]\nlog: {{file: '{log}', form: json}}\n")
        bot = subprocess.Popen([BOT, "--config", file.path], env=clean({}))
        peer.accept().upgrade().message("/help", 1)
        peer.answer(peer.receive())
        os.rename(log, old)
        bot.send_signal(signal.SIGHUP)
        while not os.path.exists(log) and bot.poll() is None:
            pass
        bot.send_signal(signal.SIGTERM)
        assert bot.wait(BOUND) == 0
        for name, part in ((old, "connected to"), (log, "stopping")):
            with open(name, encoding="utf-8") as lines:
                said = [json.loads(line) for line in lines]
            assert any(part in line["message"] for line in said), said
            assert all(line["level"] == "info" for line in said), said


def main():
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup would be inherited
    tests = [(name[5:], function) for name, function in globals().items()
             if name.startswith("test_")]
    bad = 0
    print(f"1..{len(tests)}", flush=True)
    for number, (name, function) in enumerate(tests, 1):
        try:
            function()
            failure = ""
        except Exception:  # a test's failure is whatever it raises
            failure = traceback.format_exc()
        print("".join(f"# {line}\n" for line in failure.splitlines()), end="")
        print(f"{'not ok' if failure else 'ok'} {number} - {name.replace('_', ' ')}", flush=True)
        bad += bool(failure)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
