"""build.py - builds the contestants, and fetches peers when that is asked for.

What cannot be had raises Missing, with what would help; it is skipped then.
"""
# SPDX-License-Identifier: MIT
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

from area import words

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build-bench"
PEERS = BUILD / "peers"
FAST = ["-O2", "-g", "-fno-omit-frame-pointer", "-D_GNU_SOURCE"]


class Missing(Exception):
    """A contestant cannot be had on this machine."""


class Broken(Exception):
    """A contestant that is all there could not be built."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(command, cwd=ROOT, env=None, log=None):
    """Run it, its output to a log; the log's end is the complaint."""
    done = subprocess.run(command, cwd=cwd, env=os.environ | (env or {}), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    text = done.stdout.decode(errors="replace")
    if log:
        log.write_text(text)
    if done.returncode:
        tail = "\n".join(text.splitlines()[-12:])
        raise Broken(f"{' '.join(map(str, command[:6]))}: code {done.returncode}\n{tail}")
    return text


def debian(packages):
    """Debian's packages, by the script that ./check uses."""
    listed = " ".join(f"'{name}'" for name in packages)
    run(["bash", "-c", f". tools/setup.sh && need_packages {listed}"])


def build_ours():
    """The library, and the programs of bench/ that are ours, for speed."""
    if not (BUILD / "build.ninja").exists():
        run(["bash", "-c", '. tools/setup.sh && need_packages "${BUILD_PACKAGES[@]}"'])
        run(["meson", "setup", str(BUILD), "--buildtype=release", "-Dapps=false"])
    run(["ninja", "-C", str(BUILD)])


class Builder:
    """Builds one program of one area into a folder of its own."""

    def __init__(self, area, program, name, install):
        self.area, self.program, self.install = area, program, install
        self.folder = PEERS / area.name / re.sub(r"[^A-Za-z0-9.+-]", "_", name)

    def build(self):
        """Return (command, environment)."""
        if self.program.get("packages") and self.install:
            debian(words(self.program["packages"]))
        for tool in words(self.program.get("needs")):
            if not shutil.which(tool):
                raise Missing(f"no {tool} here")
        way = next(key for key in ("meson", "cc", "cxx", "go", "cargo", "python", "node", "command")
                   if key in self.program)
        if way not in ("meson", "command"):
            self.folder.mkdir(parents=True, exist_ok=True)
        command, env = getattr(self, way)()
        command += [self.place(word) for word in words(self.program.get("args"))]
        return command, env | {key: self.place(str(value)) for key, value
                               in self.program.get("env", {}).items()}

    def place(self, word):
        """{area}, {build} and {peer} are folders: of the area, of our build, the contestant's own."""
        return (word.replace("{area}", str(self.area.folder)).replace("{build}", str(BUILD))
                .replace("{peer}", str(self.folder)))

    def meson(self):
        path = BUILD / "bench" / self.program["meson"]
        if not path.exists():
            raise Missing(f"{self.program['meson']} was not built here")
        return [str(path)], {}

    def command(self):
        command = [self.place(word) for word in words(self.program["command"])]
        if not shutil.which(command[0]):
            raise Missing(f"no {command[0]} here")
        return command, {}

    def stale(self, target, sources):
        return not target.exists() or target.stat().st_mtime < max(
            path.stat().st_mtime for path in sources)

    def compiled(self, compiler, key):
        flags = []
        for name in words(self.program.get("pkg")):
            found = subprocess.run(["pkg-config", "--cflags", "--libs", name], check=False,
                                   capture_output=True, text=True)
            if found.returncode:
                raise Missing(f"no {name} here (--install gets it)")
            flags += found.stdout.split()
        target = self.folder / "program"
        sources = [self.area.folder / name for name in words(self.program[key])]
        headers = list(self.area.folder.glob("*.h")) + list((ROOT / "bench/lib").glob("*.h"))
        if self.stale(target, [*sources, *headers, self.area.folder / "area.toml"]):
            run([*compiler, *FAST, f"-I{ROOT / 'bench/lib'}", "-o", str(target), *map(str, sources),
                 *[self.place(flag) for flag in words(self.program.get("flags"))], *flags,
                 "-lpthread"])
        return [str(target)], {}

    def cc(self):
        return self.compiled([os.environ.get("CC", "cc").split()[-1]], "cc")

    def cxx(self):
        if not shutil.which("c++"):
            raise Missing("no c++ here")
        return self.compiled(["c++"], "cxx")

    def fetched(self, what, fetch):
        """Fetch once, when asked: a note beside says what is there."""
        note = self.folder / "fetched.json"
        if note.exists() and json.loads(note.read_text()) == what:
            return
        if not self.install:
            raise Missing(f"needs {' '.join(what)} (--install fetches it)")
        say(f"fetching {' '.join(what)}")
        try:
            fetch()
        except (Broken, OSError) as error:
            raise Missing(f"could not be fetched: {error}") from None
        note.write_text(json.dumps(what))

    def toolchain(self, tool, extra):
        """A compiler may stand where a login shell would have found it."""
        found = shutil.which(tool) or shutil.which(tool, path=extra)
        if not found:
            raise Missing(f"no {tool} here (--install gets it)")
        return found

    def go(self):
        """A folder with a module. go.mod and go.sum are in the tree, so what is built is known."""
        go = self.toolchain("go", "/usr/local/go/bin:/usr/lib/go/bin")
        source = self.area.folder / self.program["go"]
        target = self.folder / "program"
        if self.stale(target, [path for path in source.iterdir()]):
            env = {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly"}
            if (source / "go.sum").exists() and not self.install:
                env["GOPROXY"] = "off"
            try:
                run([go, "build", "-o", str(target), "."], cwd=source, env=env)
            except Broken as error:
                if "GOPROXY" in env and "module lookup disabled" in str(error):
                    raise Missing("its modules are not here (--install fetches them)") from None
                raise
        return [str(target)], {}

    def cargo(self):
        """A folder with Cargo.toml and Cargo.lock; its package is called "program"."""
        cargo = self.toolchain("cargo", os.path.expanduser("~/.cargo/bin"))
        source = self.area.folder / self.program["cargo"]
        try:
            run([cargo, "build", "--release", "--locked", "--target-dir", str(self.folder),
                 *([] if self.install else ["--offline"])], cwd=source)
        except Broken as error:
            if not self.install and ("offline" in str(error) or "no matching package" in str(error)):
                raise Missing("its crates are not here (--install fetches them)") from None
            raise
        return [str(self.folder / "release/program")], {}

    def python(self):
        packages, env = words(self.program.get("pip")), {}
        if packages:
            folder = self.folder / "python"
            self.fetched(packages, lambda: run(
                [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                 "--upgrade", "--target", str(folder), *packages]))
            env["PYTHONPATH"] = str(folder)
        return [sys.executable, str(self.area.folder / self.program["python"])], env

    def node(self):
        node = self.toolchain("node", None)
        packages, env = words(self.program.get("npm")), {}
        if packages:
            self.toolchain("npm", None)
            self.fetched(packages, lambda: run(
                ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix",
                 str(self.folder), *packages]))
            env["NODE_PATH"] = str(self.folder / "node_modules")
        return [node, str(self.area.folder / self.program["node"])], env
