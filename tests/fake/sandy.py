#!/usr/bin/env python3
"""
sandy.py - a Sandy sandbox service that is as odd as the real one has been seen to be.

    sandy.py [PORT]        prints its port, then serves on 127.0.0.1 until it is killed

The key is "fake-key".  POST /fake with {"mode": value, ...} sets how it behaves, {} resets; GET /fake
tells what was asked: {"calls": ["POST /api/sandboxes", ...], "live": [...]}.

  create      "snake" other spellings, no url | "boots" 502 twice | "full" 503 with retry-after, always |
              "no_id" | "text" no JSON | "slow:SECONDS" | "zoneless" a time without its zone
  exec        "snake" exit_code | "warming" not ready twice | "never" always not ready | "no_code" | "text" | "gateway" 502 twice
  read        "json" | "base64" | "raw" | "broken"
  files       {"artifacts/a.csv": "text"} what the agent leaves below /workspace; every sandbox begins with it
  agent       "unknown" 422 | "lost" the sandbox vanishes in the middle | "limit" ended for its time, with words | "mute" ends well, without a word |
              "result" only a result | "plain" | "bytes" split at every byte | "text" no JSON in it | "cut" ends without complete |
              "error" an error, then complete | "error_cut" | "missing" 404 | "fails" 500 | "silent" | "bare" JSON lines
  run         "writable" or "swap": a wall that was asked for is not there
  terminate   "missing" 404, and it is gone | "fails" 500
  ttl         seconds of life, whatever was asked

`docker` in a sandbox knows pull, run, inspect, logs, stop, pause, unpause, rm; what runs there answers chats at the
sandbox's url.
"""
import base64, json, os, shlex, sys, threading, time, uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

lock = threading.Lock()
mode, counts, calls, boxes = {}, {}, [], {}
EVENTS = [
    {"type": "status", "message": "boot"},
    {"type": "output", "text": "hello"},
    {"type": "stderr", "text": "warned"},
    {"type": "agent-output", "data": {"type": "system"}},
    {"type": "agent-output", "data": {"type": "stream_event", "event": {"delta": {"text": "H\u00e9l"}}}},
    {"type": "agent-output", "data": {"type": "assistant", "message": {"content": [{"type": "text", "text": "H\u00e9llo"}]}}},
    {"type": "stream_event", "event": {"delta": {"text": "lo"}}},
    {"type": "files-update", "files": ["a.txt", {"path": "b.txt", "content": "b", "changeType": "created"}],
     "changes": [{"path": "b.txt", "changeType": "created"}], "totalFiles": 2},
    {"type": "heartbeat", "elapsed": 5},
    {"type": "result", "result": "H\u00e9llo"},
    {"type": "complete", "success": True, "exitCode": 0, "duration": 1.5},
]


def times(what):
    with lock:
        counts[what] = counts.get(what, 0) + 1
        return counts[what]


def rfc(at):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", kind="application/json", **headers):
        if not isinstance(body, bytes):
            body = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.route("GET")

    def do_POST(self):
        self.route("POST")

    def route(self, method):
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        at = urlsplit(self.path)
        query = {k: v[0] for k, v in parse_qs(at.query).items()}
        parts = [p for p in at.path.split("/") if p]
        if at.path == "/fake":
            return self.fake(method, raw)
        if parts[:1] == ["box"]:
            return self.inside(parts, raw)
        with lock:
            calls.append(f"{method} {at.path}")
        if self.headers.get("authorization") != "Bearer fake-key":
            return self.answer(401, "who are you?", "text/plain")
        if at.path == "/api/resources":
            return self.answer(200, {"canCreateSandbox": True, "cpu_percent": 3, "memoryTotalBytes": 1 << 30})
        if at.path == "/api/sandboxes/stats":
            return self.answer(200, [{"sandbox_id": i, "memory_usage_bytes": 4096, "memory_limit_bytes": 1 << 20,
                                      "cpu_cores_used": 0.5, "cpu_ratio": 0.25} for i in query.get("ids", "").split(",") if i in boxes])
        if parts[:2] != ["api", "sandboxes"]:
            return self.answer(404, "not found", "text/plain")
        if len(parts) == 2:
            return self.create(json.loads(raw or b"{}"))
        return self.in_box(method, parts[2], "/".join(parts[3:]), query, json.loads(raw or b"{}"))

    def fake(self, method, raw):
        with lock:
            if method == "POST":
                mode.clear()
                counts.clear()
                calls.clear()
                mode.update(json.loads(raw))
            body = {"calls": list(calls), "live": list(boxes)}
        self.answer(200, body)

    def describe(self, box):
        how = mode.get("create", "")
        if how == "snake":
            return {"sandbox_id": box["id"], "ttl_remaining": 600}
        if how == "no_id":
            return {"status": "running"}
        until = rfc(box["until"])
        return {"sandboxId": box["id"], "status": "running", "url": box["url"], "createdAt": rfc(time.time()),
                "timeoutAt": until[:-1] if how == "zoneless" else until, "vnc": {"enabled": False, "port": 5900}}

    def create(self, wish):
        how = mode.get("create", "")
        if how == "boots" and times("create") <= 2:
            return self.answer(502, "<html>Bad Gateway</html>", "text/html")
        if how == "full":
            return self.answer(503, {"error": "no room"}, retry_after="0")
        if how == "text":
            return self.answer(200, "OK", "text/plain")
        if how.startswith("slow:"):
            time.sleep(float(how[5:]))
        box_id = uuid.uuid4().hex[:16]
        box = {"id": box_id, "url": os.environ.get("FAKE_SANDY_URL") or f"http://127.0.0.1:{port}/box/{box_id}", "files": {}, "containers": {}, "wish": wish,
               "life": float(mode.get("ttl", wish.get("timeoutMinutes", 10) * 60))}
        box["until"] = time.time() + box["life"]
        box["files"] = {self.plain(path): text.encode() for path, text in mode.get("files", {}).items()}
        with lock:
            boxes[box_id] = box
        self.answer(200, self.describe(box))

    def find(self, box_id):
        with lock:
            box = boxes.get(box_id)
            if box and time.time() > box["until"]:
                del boxes[box_id]
                box = None
        return box

    def in_box(self, method, box_id, what, query, body):
        box = self.find(box_id)
        if what == "terminate":
            how = mode.get("terminate", "")
            if how == "fails":
                return self.answer(500, "oops", "text/plain")
            with lock:
                boxes.pop(box_id, None)
            return self.answer(404 if not box or how == "missing" else 204)
        if not box:
            return self.answer(404, {"detail": "sandbox not found"})
        if what == "":
            return self.answer(200, self.describe(box))
        if what == "refresh":
            box["until"] = time.time() + box["life"]
            return self.answer(200)
        if what == "exec":
            return self.execute(box, body)
        if what == "files/write":
            box["files"][self.plain(body["path"])] = body["content"].encode()
            return self.answer(200, {"ok": True})
        if what == "files/read":
            return self.read(box, self.plain(query["path"]))
        if what == "files/list":
            under = self.plain(query.get("path", ".")) + "/"
            return self.answer(200, {"files": [f[len(under):] for f in box["files"] if f.startswith(under)]})
        if what == "agent/run":
            return self.agent(box)
        if what == "agent/cancel":
            return self.answer(200, {})
        return self.answer(404, "not found", "text/plain")

    @staticmethod
    def plain(path):
        return ("/workspace" if path in (".", "") else path if path.startswith("/") else "/workspace/" + path).rstrip("/")

    def read(self, box, path):
        data = box["files"].get(path)
        how = mode.get("read", "json")
        if data is None:
            return self.answer(404, {"error": "no such file"})
        if how == "base64":
            return self.answer(200, {"content": base64.b64encode(data).decode(), "encoding": "base64"})
        if how == "raw":
            return self.answer(200, data, "application/octet-stream")
        if how == "broken":
            return self.answer(200, {"content": "*not base64*", "encoding": "base64"})
        return self.answer(200, {"content": data.decode()})

    # --- commands: echo, cat, exit, sleep and docker, no shell -----------------------
    def execute(self, box, body):
        how = mode.get("exec", "")
        if how == "never" or (how == "warming" and times("exec") <= 2):
            return self.answer(200, {"stdout": "", "stderr": "vsock handshake failed: agent not ready", "exitCode": 1})
        if how == "gateway" and times("exec") <= 2:
            return self.answer(502, "Bad Gateway", "text/plain")
        if how == "text":
            return self.answer(200, "done", "text/plain")
        limit = body.get("timeoutMs", 1000) / 1000  # "timeout" is not looked at
        words = shlex.split(body["command"])
        code, out, err = self.run_line(box, words, limit)
        if how == "no_code":
            return self.answer(200, {"stdout": out})
        self.answer(200, {"stdout": out, "stderr": err, "exit_code" if how == "snake" else "exitCode": code})

    def run_line(self, box, words, limit):
        if words[0] == "echo":
            return 0, " ".join(words[1:]) + "\n", ""
        if words[0] == "base64":  # the pack is unpacked, and its bootstrap says so
            return (0, "pack 1\n", "") if mode.get("pack", "good") == "good" else (2, "", "tar: broken\n")
        if words[0] == "exit":
            return int(words[1]), "", "left\n"
        if words[0] == "sleep":
            time.sleep(min(limit, float(words[1])))
            return (124, "", "command timed out\n") if float(words[1]) > limit else (0, "", "")
        if words[0] == "docker" and box["wish"].get("enableDockerSocket"):
            return self.docker(box, words[1], words[2:])
        return 127, "", f"sh: {words[0]}: not found\n"

    def docker(self, box, what, args):
        held = box["containers"]
        if what == "pull":
            if "missing" in args[-1]:
                return 1, "", f"Error response from daemon: manifest for {args[-1]} not found: manifest unknown\n"
            return 0, args[-1] + "\n", ""
        if what == "run":
            name = args[args.index("--name") + 1]
            box["run"] = args
            if "broken" in " ".join(args):
                return 127, "", 'docker: Error response from daemon: exec: "/nothing": no such file or directory\n'
            held[name] = {"HostConfig": self.applied(args), "State": {"Status": "running", "ExitCode": 0, "OOMKilled": False, "StartedAt": rfc(time.time()),
                                    "FinishedAt": "0001-01-01T00:00:00Z", "Error": ""}}
            return 0, uuid.uuid4().hex + "\n", ""
        name = args[-1]
        if name not in held:
            return 1, "[]\n" if what == "inspect" else "", f"Error: No such object: {name}\n"
        state = held[name]["State"]
        if what == "inspect":
            return 0, json.dumps([held[name]]), ""
        if what == "logs":
            return 0, "2026-01-02T03:04:05.123456789Z listening\n", "2026-01-02T03:04:06.5Z warned\n"
        if what in ("pause", "unpause"):
            state["Status"] = "paused" if what == "pause" else "running"
        if what in ("stop", "kill"):
            state.update(Status="exited", ExitCode=143, FinishedAt=rfc(time.time()))
        if what == "rm":
            del held[name]
        return 0, name + "\n", ""

    @staticmethod
    def applied(args):
        given = dict(zip(args, args[1:]))
        weak = mode.get("run", "")
        return {"Memory": int(given["--memory"]), "MemorySwap": int(given["--memory-swap"]) * (2 if weak == "swap" else 1),
                "PidsLimit": int(given["--pids-limit"]), "NanoCpus": int(float(given["--cpus"]) * 1e9),
                "ReadonlyRootfs": "--read-only" in args and weak != "writable", "Privileged": False, "CapDrop": [given["--cap-drop"]],
                "SecurityOpt": [given["--security-opt"]], "Binds": None, "NetworkMode": "default"}

    # --- an agent's stream -------------------------------------------------------------
    def agent(self, box):
        how = mode.get("agent", "plain")
        if how == "missing":
            return self.answer(404, "Not Found", "text/plain")
        if how == "unknown":
            return self.answer(422, {"error": "no such program in the image"})
        if how == "fails":
            return self.answer(500, "agent crashed", "text/plain")
        events = EVENTS
        if how == "error":
            events = EVENTS[:2] + [{"type": "error", "error": "model timed out"},
                                   {"type": "complete", "success": False, "exitCode": 1, "duration": 2}]
        elif how == "error_cut":
            events = EVENTS[:1] + [{"type": "error", "error": "out of credit"}]
        elif how == "lost":
            with lock:
                boxes.pop(box["id"], None)
            events = EVENTS[:3] + [{"type": "error", "error": "the sandbox was lost"},
                                   {"type": "complete", "success": False, "exitCode": 137, "duration": 1}]
        elif how == "limit":
            events = EVENTS[:2] + [{"type": "error", "error": "timed out"},
                                   {"type": "complete", "success": False, "exitCode": 124, "duration": 1}]
        elif how in ("mute", "result"):
            events = [{"type": "result", "result": "All is done."}] if how == "result" else []
            events += EVENTS[-1:]
        elif how in ("cut", "silent"):
            events = EVENTS[:-1]
        lines = [json.dumps(e, ensure_ascii=False) for e in events]
        if how == "text":
            lines[1:1] = ["this is no JSON", "[1,2]", "{broken"]
        prefix = "" if how == "bare" else "data: "
        raw = "".join(f"{prefix}{line}\n\n" for line in [*lines]).encode()
        if how != "bare":
            raw = b": hello\n\n" + raw
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        step = 1 if how == "bytes" else 7 if how == "plain" else len(raw)
        for i in range(0, len(raw), step):
            self.wfile.write(raw[i:i + step])
            self.wfile.flush()
        if how == "silent":
            time.sleep(30)
        self.close_connection = True

    # --- what a container answers at the public url --------------------------------------
    def inside(self, parts, raw):
        box = self.find(parts[1])
        running = box and any(c["State"]["Status"] == "running" for c in box["containers"].values())
        if not running:
            return self.answer(502, "nothing listens there", "text/plain")
        if parts[2:] == ["health"]:
            return self.answer(200, {"status": "ok"})
        self.answer(200, {"object": "chat.completion", "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "from a sandbox"}, "finish_reason": "stop"}]})


server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 0), Handler)
server.daemon_threads = True
port = server.server_address[1]
print(port, flush=True)
server.serve_forever()
