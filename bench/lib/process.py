"""process.py - children of the benchmarks: started on their core, asked for their CPU time and
their memory, and all gone when we are.
"""
# SPDX-License-Identifier: MIT
import contextlib
import ctypes
import os
import resource
import select
import signal
import subprocess
import time

LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1
CPUCLOCK_SCHED = 2  # of a process, all of its threads (clock_getcpuclockid(3))


class Failed(Exception):
    """A child did not do what it should."""


def cores():
    """One core for the servers, one for the load; the same one where there is no other."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[-1], allowed[0]


SERVER_CORE, LOAD_CORE = cores()


def begin(core, parent):
    """In the child, before its program: on its core, with all the descriptors that it may have,
    and it dies when we die."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # we died before that
        os._exit(1)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if core is not None:
        os.sched_setaffinity(0, {core})


def environment(extra):
    """The children's: no proxy and no setting of ours from outside, but what the area sets."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("XIE_")}
    return kept | {"LC_ALL": "C.UTF-8"} | {key: str(value) for key, value in extra.items()}


class Child:
    """A program that speaks by lines. Use it in a with statement: it is killed at its end."""

    def __init__(self, command, cwd, env=None, core=None, log=None):
        self.name = os.path.basename(command[0])
        parent = os.getpid()
        self.process = subprocess.Popen(
            command, cwd=cwd, env=environment(env or {}), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=log or subprocess.DEVNULL, start_new_session=True,
            preexec_fn=lambda: begin(core, parent))
        self.pending = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    @property
    def pid(self):
        return self.process.pid

    def kill(self):
        """It and all it started: they are a process group."""
        for stream in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                stream.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def say(self, line):
        try:
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()
        except OSError as error:
            raise Failed(f"{self.name} is gone: {error}") from None

    def line(self, seconds):
        """The next line, waiting at most so long."""
        until = time.monotonic() + seconds
        while b"\n" not in self.pending:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise Failed(f"{self.name} said nothing for {seconds:.0f} s")
            more = os.read(self.process.stdout.fileno(), 65536)
            if not more:
                raise Failed(f"{self.name} ended with code {self.process.wait()}")
            self.pending += more
        line, self.pending = self.pending.split(b"\n", 1)
        return line.decode(errors="replace").strip()

    def answer(self, word, seconds):
        """The words after the first one of the next line, which must be this."""
        line = self.line(seconds)
        first, *rest = line.split()
        if first != word:
            raise Failed(f"{self.name} said '{line}', not '{word} …'")
        return rest

    def rest(self, seconds):
        """All it says until it ends; it must end well."""
        try:
            out, _ = self.process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"{self.name} did not end within {seconds:.0f} s") from None
        if self.process.returncode:
            raise Failed(f"{self.name} ended with code {self.process.returncode}")
        return out.decode(errors="replace").splitlines()

    def family(self):
        """It and the processes below it."""
        found = [self.pid]
        for pid in found:
            with contextlib.suppress(OSError):
                for task in os.listdir(f"/proc/{pid}/task"):
                    with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
                        found += [int(child) for child in file.read().split()]
        return found

    def cpu_ns(self):
        """CPU time of it and its children, all of their threads, user and system [ns]."""
        total = 0
        for pid in self.family():
            with contextlib.suppress(OSError):
                total += time.clock_gettime_ns((~pid << 3) | CPUCLOCK_SCHED)
        return total

    def resident(self):
        """What it and its children have in memory, with their page tables [bytes]."""
        total = 0
        for pid in self.family():
            with contextlib.suppress(OSError), open(f"/proc/{pid}/status", encoding="ascii") as file:
                fields = dict(line.split(":", 1) for line in file if ":" in line)
                for field in ("VmRSS", "VmPTE"):
                    total += int(fields.get(field, "0 kB").split()[0]) * 1024
        return total
