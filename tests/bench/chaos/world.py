"""world.py - the machine that faults happen to: the daemons and what they stand on, and how to ask them.

The daemons are started here and started again when they are gone, as an init system would; each death is
kept, with whether somebody wished it.
"""
import ctypes
import http.client
import json
import mmap
import os
import resource
import signal
import socket
import sqlite3
import struct
import subprocess
import threading
import time
from urllib.parse import quote

AGAIN_S = 0.3  # from a daemon's death to its next start, as an init system has it
PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None)


def now():
    return time.monotonic()


def die_with_us():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("janus", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Answer:
    """Of one call; status 0 where there was none."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        try:
            found = json.loads(self.body)
            return found if isinstance(found, dict) else {"list": found}
        except ValueError:
            return {}

    @property
    def ok(self):
        return 200 <= self.status < 300

    @property
    def code(self):
        error = self.json().get("error")
        return error.get("code") if isinstance(error, dict) else None

    def __str__(self):
        return f"{self.status} {self.body[:300]!r}"


def call(make, method, path, body=None, headers=None):
    connection = make()
    try:
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        head = {"content-type": "application/json"} if body is not None else {}
        connection.request(method, path, data, {**head, **(headers or {})})
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())
    except (OSError, http.client.HTTPException) as err:
        return Answer(0, {}, repr(err).encode())
    finally:
        connection.close()


class Daemon:
    """A program that is to run: started again when it ends, until it is dropped."""

    def __init__(self, world, name, argv, env=None):
        self.world, self.name, self.argv, self.env = world, name, argv, env or {}
        self.process, self.since, self.wanted, self.held = None, 0.0, False, False
        self.wished_until = 0.0  # a death before that was wished

    @property
    def pid(self):
        return self.process.pid if self.process is not None and self.process.poll() is None else 0

    def start(self):
        self.wanted = True
        with open(self.world.log_of(self.name), "ab") as log:
            self.process = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=die_with_us,
                env={**os.environ, **{k: str(v) for k, v in self.env.items()}})
        self.since = now()

    def may_die(self, seconds):
        self.wished_until = max(self.wished_until, now() + seconds)

    def kill(self, how=signal.SIGKILL):
        self.may_die(10)
        if self.pid:
            os.kill(self.pid, how)

    def signal(self, number):
        if self.pid:
            os.kill(self.pid, number)

    def end(self, seconds=45):
        self.wanted = False
        if not self.pid:
            return True
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        try:
            self.process.wait(seconds)
            return True
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return False


class World:
    def __init__(self, options):
        self.bin, self.root, self.work = options.bin, options.root, options.work
        self.state, self.runtime = os.environ["JANUS_STATE_DIR"], os.environ["JANUS_RUNTIME_DIR"]
        self.port = int(os.environ["JANUS_PORT"])
        self.engine_socket = options.engine
        self.front = os.path.join(self.work, "front.sock")
        self.rules = os.path.join(self.work, "rules.json")
        self.patience = options.limit / 30  # 1 is that of a machine that does nothing else
        self.own_engine, self.sanitized = options.own_engine, "/san/" in self.bin
        self.daemons, self.deaths, self.lock = {}, [], threading.Lock()
        self.windows = []  # (what, from, to): when something was made to fail
        self.closing = False
        self.clock = self.make_clock()
        self.play()

    # --- processes --------------------------------------------------------------------

    def log_of(self, name):
        return os.path.join(self.work, name + ".log")

    def add(self, name, argv, env=None):
        daemon = Daemon(self, name, argv, env)
        daemon.start()
        self.daemons[name] = daemon
        return daemon

    def watch(self):
        """The init system: a thread of its own, which must not end before what it has started does."""
        while True:
            for daemon in [] if self.closing else list(self.daemons.values()):
                if not daemon.wanted or daemon.held or daemon.process.poll() is None:
                    continue
                self.deaths.append((daemon.name, now(), daemon.process.returncode, now() < daemon.wished_until))
                time.sleep(AGAIN_S)
                if not self.closing and daemon.wanted and not daemon.held:
                    self.before_start(daemon)
                    daemon.start()
            time.sleep(0.03)

    def before_start(self, daemon):
        if daemon.name == "dockerd":
            self.clear_engine()

    def clear_engine(self):
        """What a killed engine leaves that its next start would stumble over: its pid files, its containerd."""
        exec_root = self.daemons["dockerd"].env["EXEC_ROOT"]
        for path in (os.path.join(exec_root, "..", "dockerd.pid"), os.path.join(exec_root, "containerd/containerd.pid")):
            try:
                with open(path, encoding="ascii") as file:
                    if path.endswith("containerd.pid"):
                        os.kill(int(file.read()), signal.SIGKILL)
                os.unlink(path)
            except (OSError, ValueError):
                pass

    def died(self, name, since):
        return [d for d in self.deaths if d[0] == name and d[1] >= since]

    # --- what is wrong on purpose -------------------------------------------------------

    def play(self, *rules):
        """What the proxy before the engine does from now on: tests/fake/faults.py."""
        with open(self.rules + ".new", "w", encoding="ascii") as file:
            json.dump(rules, file)
        os.rename(self.rules + ".new", self.rules)

    def make_clock(self):
        path = os.path.join(self.work, "clock")
        with open(path, "wb") as file:
            file.write(bytes(4096))
        with open(path, "r+b") as file:
            return mmap.mmap(file.fileno(), 4096)

    def set_clock(self, seconds):
        self.clock[0:8] = struct.pack("q", seconds)

    def limit(self, pid, what, value):
        """Lower a limit of a process that runs; returns what it was."""
        soft, hard = resource.prlimit(pid, what)
        resource.prlimit(pid, what, (value, hard))
        return soft, hard

    # --- asking ---------------------------------------------------------------------

    def tcp(self, timeout=30):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def ask(self, method, path, body=None, headers=None, timeout=30):
        return call(lambda: self.tcp(timeout), method, path, body, headers)

    def control(self, method, path, body=None, headers=None, timeout=20):
        return call(lambda: UnixConnection(os.path.join(self.runtime, "janusd.sock"), timeout), method, path, body, headers)

    def engine(self, method, path, body=None, timeout=20):
        """Past the proxy: what is really there."""
        return call(lambda: UnixConnection(self.engine_socket, timeout), method, path, body)

    def rows(self, sql, *values):
        """Of the database as it is on the disk, read beside the daemon."""
        for _ in range(20):
            try:
                base = sqlite3.connect(f"file:{os.path.join(self.state, 'janus.db')}?mode=ro", uri=True, timeout=5)
                try:
                    return base.execute(sql, values).fetchall()
                finally:
                    base.close()
            except sqlite3.OperationalError:
                time.sleep(0.2)
        raise RuntimeError("the database cannot be read: " + sql)

    def node(self):
        return self.rows("SELECT value FROM meta WHERE key = 'node_id'")[0][0]

    def containers(self, label):
        """Running or not, with that label."""
        filters = json.dumps({"label": [label]})
        got = self.engine("GET", "/containers/json?all=1&filters=" + quote(filters))
        return json.loads(got.body) if got.ok else None

    def pods(self):
        found = self.containers("rodeo.janus.node=" + self.node())
        return None if found is None else [c for c in found if c["Labels"].get("rodeo.janus.competitor") != "janus-canary"]

    def sandboxes(self):
        try:
            with open(os.path.join(self.state, "sandbox.node"), encoding="ascii") as file:
                return self.containers("rodeo.janus.node=" + file.read().strip())
        except OSError:
            return []

    def pid_in(self, competitor, role):
        """The first process of a competitor's container, or 0."""
        for c in self.pods() or []:
            if c["Labels"].get("rodeo.janus.competitor") == competitor and c["Labels"].get("rodeo.janus.role") == role:
                return self.engine("GET", f"/containers/{c['Id']}/json").json().get("State", {}).get("Pid", 0)
        return 0

    def close(self):
        self.closing = True
        self.play()
        self.set_clock(0)
        late = [n for n in ("janusd", "janus-platform", "janus-sandboxd") if n in self.daemons and not self.daemons[n].end()]
        for c in (self.pods_or_none() or []) + (self.sandboxes() or []):
            self.engine("DELETE", f"/containers/{c['Id']}?force=1&v=1")
        for daemon in reversed(list(self.daemons.values())):
            if daemon.name != "dockerd":
                daemon.end(10)
        if "dockerd" in self.daemons:
            self.daemons["dockerd"].end()
            self.clear_engine()
        return late

    def pods_or_none(self):
        try:
            return self.pods()
        except (RuntimeError, IndexError):
            return None


def threads_of(pid):
    return len(os.listdir(f"/proc/{pid}/task"))


def descriptors_of(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def memory_of(pid, field="VmRSS"):
    """KiB."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        return next((int(line.split()[1]) for line in file if line.startswith(field + ":")), 0)
