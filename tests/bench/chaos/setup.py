"""setup.py - a world to harm: an engine, its proxy, the daemons, an endpoint, competitors, and a registry."""
import io
import os
import socket
import subprocess
import tarfile
import threading
import time
from urllib.parse import quote

import faults
from world import UnixConnection, World, call

IMAGES = ["janus/link:latest", "janus/baseline-agent:latest", "janus/sandbox:latest", "hostile-ok:latest"]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Setup(World):
    def __init__(self, options):
        super().__init__(options)
        self.competitors = ["baseline-agent", "owl"] + (["elk"] if self.own_engine else []) + ["web"]
        self.sandboxes_max = 4
        self.levels, self.read_to, self.deaths_seen = {}, {}, 0
        self.host_engine, self.options = options.engine, options
        options.web = None
        self.elk = "chaos-elk:latest"
        self.hostile = b""
        self.registry = self.registry_front = self.registry_rules = None

    # --- windows of what may fail -----------------------------------------------------

    def window(self, fault):
        self.windows.append([fault, time.monotonic(), float("inf")])
        return self.windows[-1]

    def excused(self, begun, ended, what):
        """Was janusd (or what is named) made to fail at that time?"""
        return any((f.web if what == "web" else f.cuts) and begun <= to and ended >= since - 0.5 for f, since, to in self.windows)

    # --- small questions --------------------------------------------------------------

    def tail(self, name):
        with open(self.log_of(name), "rb") as file:
            return file.read()[-600:].decode(errors="replace")

    def sandboxd_lives(self):
        port = int(os.environ["JANUS_SANDBOX_PORT"])
        import http.client
        return call(lambda: http.client.HTTPConnection("127.0.0.1", port, timeout=3), "GET", "/livez").ok

    def until_answered(self, method, path, body=None, seconds=30):
        return self.until(seconds, lambda: self.control(method, path, body).ok)

    @staticmethod
    def until(seconds, true):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if true():
                return True
            time.sleep(0.1)
        return False

    def engine_is_back(self):
        self.until(60, lambda: self.daemons["dockerd"].pid and self.engine("GET", "/_ping", timeout=2).ok)

    # --- making it --------------------------------------------------------------------

    def begin(self, say):
        threading.Thread(target=self.watch, daemon=True).start()
        if self.own_engine:
            self.make_engine()
            say("     an engine of its own")
        self.add("front", ["python3", os.path.join(self.root, "tests/fake/faults.py"), self.front, self.engine_socket, self.rules,
                           os.path.join(self.work, "front.requests")])
        self.until(10, lambda: os.path.exists(self.front))
        port = free_port()
        fake = os.environ["FAKE"]
        self.add("web", [fake, "--port", str(port)])
        self.options.web = f"http://127.0.0.1:{port}"
        if self.own_engine:
            self.make_registry()
        self.make_daemons()
        for name, what in self.competing():
            self.submit(name, what)
        say("     Janus and " + ", ".join(self.competitors))

    def make_engine(self):
        place = os.path.dirname(self.work)
        self.engine_socket = os.path.join(place, "e.sock")
        self.add("dockerd", ["dockerd", "--host", "unix://" + self.engine_socket, "--data-root", os.path.join(place, "docker"),
                             "--exec-root", os.path.join(place, "x"), "--pidfile", os.path.join(place, "dockerd.pid"), "--bridge", "none",
                             "--iptables=false", "--ip6tables=false", "--insecure-registry", "127.0.0.0/8"],
                 {"EXEC_ROOT": os.path.join(place, "x")})
        if not self.until(40, lambda: self.engine("GET", "/_ping", timeout=2).ok):
            raise SystemExit("an engine of its own does not start: " + self.tail("dockerd"))
        names = "&".join("names=" + quote(i) for i in IMAGES)
        subprocess.run(["bash", "-c", f"set -o pipefail; curl -sSf --unix-socket {self.host_engine} 'http://e/images/get?{names}' |"
                        f" curl -sSf --unix-socket {self.engine_socket} -X POST -H 'content-type: application/x-tar' -T - http://e/images/load"],
                       check=True, stdout=subprocess.DEVNULL)
        made = self.engine("POST", "/containers/create", {"Image": "hostile-ok:latest"}).json()["Id"]
        archive = self.engine("GET", f"/containers/{made}/archive?path=/hostile").body
        self.engine("DELETE", f"/containers/{made}?force=1")
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            self.hostile = tar.extractfile(tar.next()).read()
        faults.build(self, self.elk, b"elk")

    def make_registry(self):
        self.registry, self.registry_front = (f"127.0.0.1:{free_port()}" for _ in range(2))
        self.registry_rules = os.path.join(self.work, "registry.rules")
        config = os.path.join(self.work, "registry.yml")
        with open(config, "w", encoding="ascii") as file:
            file.write(f"version: 0.1\nlog: {{level: warn}}\nstorage: {{filesystem: {{rootdirectory: {self.work}/registry}}}}\n"
                       f"http: {{addr: {self.registry}}}\n")
        with open(self.registry_rules, "w", encoding="ascii") as file:
            file.write("[]")
        self.add("registry", ["docker-registry", "serve", config])
        self.add("registry-front", ["python3", os.path.join(self.root, "tests/fake/faults.py"), self.registry_front, self.registry,
                                    self.registry_rules, os.path.join(self.work, "registry.requests")])

    def make_daemons(self):
        engine = {"DOCKER_HOST": "unix://" + self.front}
        self.add("janus-platform", [os.path.join(self.bin, "janus-platform")])
        self.add("janus-sandboxd", [os.path.join(self.bin, "janus-sandboxd")], {
            **engine, "JANUS_SANDBOX_MAX": self.sandboxes_max, "JANUS_SANDBOX_WARM": 1, "JANUS_SANDBOX_MEMORY": "512MiB",
            "JANUS_SANDBOX_DISK": "64MiB", "JANUS_SANDBOX_PIDS": 128})
        self.add("janusd", [os.path.join(self.bin, "janusd")], {
            **engine, "LD_PRELOAD": os.path.join(self.work, "clock.so"), "CHAOS_CLOCK": os.path.join(self.work, "clock"),
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0",
            "JANUS_ROUTER_LOOPS": 2, "JANUS_BENCH_SUITES_DIR": os.path.join(self.root, "bench/suites"), "JANUS_BENCH_AUTOMATIC": "false",
            "JANUS_BENCH_LEASE": "5s", "JANUS_BENCH_PROGRAM": os.path.join(self.bin, "janus-bench"), "JANUS_AUTH_ANONYMOUS": "true",
            "JANUS_ARENA_VOTES_PER_CALLER": 1000000, "JANUS_ARENA_VOTES_PER_ADDRESS": 1000000, "JANUS_ROUTER_DRAIN_TIMEOUT": "10s",
            "JANUS_ROUTER_GAP_TIMEOUT": "15s", "JANUS_ROUTER_FIRST_BYTE_TIMEOUT": "15s", "JANUS_STREAM_RESUME_TTL": "60s"})
        if not self.until(60, lambda: self.ask("GET", "/livez", timeout=2).ok):
            raise SystemExit("janusd does not start: " + self.tail("janusd"))

    def competing(self):
        yield "owl", {"image": "hostile-ok:latest"}
        yield "baseline-agent", {"image": "janus/baseline-agent:latest"}
        if self.own_engine:
            yield "elk", {"image": self.elk}
        yield "web", {"url": self.options.web}

    def submit(self, name, what):
        made = self.control("POST", "/api/v1/submissions", {"name": name, **what})
        if not made.ok:
            raise SystemExit(f"{name} is not taken: {made}")
        path = "/api/v1/submissions/" + made.json()["id"]
        self.until(90, lambda: self.control("GET", path).json().get("state") in ("ready", "rejected", "failed"))
        got = self.control("GET", path).json()
        if got.get("state") != "ready":
            raise SystemExit(f"{name} is not accepted: {got}")
