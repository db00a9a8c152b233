#!/usr/bin/env python3
"""stepwise.py - does a stream pass event by event?

  stepwise.py serve PORT SPANS          an upstream that sends an event only when the one before has arrived;
                                        spans that are sent to it go to the file SPANS
  stepwise.py ask URL UPSTREAM FROM KEY [CA]  a client of it, by way of whatever is at URL

The client asks URL for a stream of model janus/step, from the address FROM, and tells the upstream of each
event that it has: then comes the next.  Whatever keeps events back makes it wait for ever, which is told.
It prints one JSON object with what it saw.
"""
import hashlib
import http.client
import http.server
import json
import re
import socket
import ssl
import sys
import threading
import time
from urllib.parse import urlsplit

EVENTS = 12
LATE_S = 30
BODY_BYTES = 10 << 20


def event(text, finish=None):
    delta = {"content": text} if text else {}
    chunk = {"id": "chatcmpl-step", "object": "chat.completion.chunk", "created": 1, "model": "step",
             "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


class Stream:
    def __init__(self, request):
        self.request, self.steps, self.gone_at = request, threading.Semaphore(0), None
        self.gone = threading.Event()


streams, lock = {}, threading.Condition()


class Upstream(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, body):
        text = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def named(self, wait_s=LATE_S):
        name = self.path.rsplit("/", 1)[1]
        with lock:
            lock.wait_for(lambda: name in streams, wait_s)
            return streams[name]

    def do_GET(self):
        if self.path.startswith("/step/"):
            self.named().steps.release()
            self.answer({})
        elif self.path.startswith("/gone/"):
            stream = self.named()
            stream.gone.wait(LATE_S)
            self.answer({"gone_at": stream.gone_at})
        elif self.path.startswith("/request/"):
            self.answer(self.named().request)
        else:
            self.answer({"status": "ok"})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if not self.path.endswith("/chat/completions"):
            with open(sys.argv[3], "ab") as spans:
                spans.write(body + b"\n")
            self.answer({})
            return
        asked = json.loads(body)
        last = asked["messages"][-1]["content"]
        if str(last).startswith("echo "):  # as providers do with keys
            text = json.dumps({"error": {"message": f"Incorrect API key provided: {last[5:]}", "type": "auth", "code": "bad"}}).encode()
            self.send_response(401)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)
            return
        stream = Stream({"headers": {k.lower(): v for k, v in self.headers.items()}, "bytes": len(body),
                         "sha256": hashlib.sha256(body).hexdigest()})
        with lock:
            streams[self.headers.get("x-request-id", "")] = stream
            lock.notify_all()
        if not asked.get("stream"):
            self.answer({"id": "chatcmpl-step", "object": "chat.completion", "created": 1, "model": "step",
                         "choices": [{"index": 0, "finish_reason": "stop",
                                      "message": {"role": "assistant", "content": "whole"}}],
                         "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}})
            return
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        threading.Thread(target=self.watch, args=(stream,), daemon=True).start()
        if last == "announce":
            self.wfile.write(event("x").replace(b'"content": "x"', b'"artifacts": [' + json.dumps({
                "id": "artf_00ab12cd34ef", "type": "file", "mime_type": "text/plain", "display_name": "t.txt", "size_bytes": 5,
                "url": "data:text/plain;base64,aGVsbG8="}).encode() + b']'))
        for n in range(EVENTS):
            self.wfile.write(event(f"<{n}>"))
            if last == "step":
                stream.steps.acquire(timeout=60)
            if stream.gone.is_set():
                return
        self.wfile.write(event("", "stop"))
        if (asked.get("stream_options") or {}).get("include_usage"):
            self.wfile.write(b'data: {"id":"chatcmpl-step","object":"chat.completion.chunk","created":1,"model":"step",'
                             b'"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}\n\n')
        self.wfile.write(b"data: [DONE]\n\n")

    def watch(self, stream):
        try:
            self.connection.recv(1)
        except OSError:
            pass
        stream.gone_at = time.time()
        stream.gone.set()
        stream.steps.release()


class Client:
    def __init__(self, url, upstream, source, key, ca):
        self.at, self.upstream, self.source, self.key = urlsplit(url), upstream, source, key
        self.name = source.replace(".", "-")
        self.context = ssl.create_default_context(cafile=ca) if self.at.scheme == "https" else None

    @staticmethod
    def go_on(raw, begun):
        """A proxy may pass an early answer on only when there is something to read."""
        try:
            while not begun.wait(2):
                raw.sendall(b"x" * 4096)
        except OSError:
            pass

    def send(self, path, body, name, headers=None, more=False):
        raw = socket.create_connection(("127.0.0.1", self.at.port), timeout=LATE_S, source_address=(self.source, 0))
        if self.context:
            raw = self.context.wrap_socket(raw, server_hostname=self.at.hostname)
        head = {"host": self.at.netloc, "content-type": "application/json", "content-length": str(len(body)),
                "authorization": f"Bearer {self.key}", "x-request-id": name, "x-forwarded-for": "198.51.100.66",
                **(headers or {})}
        if not self.key:
            del head["authorization"]
        raw.sendall((f"{'POST' if body else 'GET'} {path} HTTP/1.1\r\n" +
                     "".join(f"{k}: {v}\r\n" for k, v in head.items()) + "\r\n").encode() + body)
        answer, begun = http.client.HTTPResponse(raw), threading.Event()
        if more:
            threading.Thread(target=self.go_on, args=(raw, begun), daemon=True).start()
        answer.begin()
        begun.set()
        answer.raw = raw
        return answer

    def chat(self, name, text, stream=True, **more):
        return self.send("/v1/chat/completions", json.dumps(
            {"model": "janus/step", "stream": stream, "messages": [{"role": "user", "content": text}]}).encode(), name, **more)

    def tell(self, what, name):
        at = urlsplit(self.upstream)
        c = http.client.HTTPConnection(at.hostname, at.port, timeout=2 * LATE_S)
        c.request("GET", f"/{what}/{name}")
        return json.loads(c.getresponse().read())

    def steps(self):
        """Each event before the next is sent; how long one was on its way at most, and what came in silence."""
        name, seen, pings, worst, silent = "step-" + self.name, 0, 0, 0.0, False
        answer, sent_at, text = self.chat(name, "step"), time.time(), b""
        for line in iter(answer.readline, b""):
            if line.startswith(b":"):
                pings += silent
                if not silent or pings < 2:
                    continue
                silent = False
            elif b'"content"' not in line:
                text += line
                continue
            else:
                assert f"<{seen}>".encode() in line, line
                seen += 1
                worst = max(worst, time.time() - sent_at)
                text += line
                silent = seen == EVENTS // 2  # until two pings have come
                if silent:
                    continue
            sent_at = time.time()
            self.tell("step", name)
        return {"events": seen, "pings": pings, "worst_ms": round(worst * 1000), "sha256": hashlib.sha256(text).hexdigest(),
                "headers": {k.lower(): v for k, v in answer.getheaders()}, "upstream": self.tell("request", name)["headers"]}

    def leaves(self):
        name = "leave-" + self.name
        answer = self.chat(name, "step")
        while b'"content"' not in answer.readline():
            pass
        answer.raw.shutdown(socket.SHUT_RDWR)
        answer.raw.close()
        left_at = time.time()
        gone_at = self.tell("gone", name)["gone_at"]
        return None if gone_at is None else round((gone_at - left_at) * 1000)

    def large(self):
        name = "large-" + self.name
        frame = json.dumps({"model": "janus/step", "messages": [{"role": "user", "content": "@"}]})
        body = frame.replace("@", "x" * (BODY_BYTES - len(frame) + 1)).encode()
        answer = self.send("/v1/chat/completions", body, name)
        got = self.tell("request", name) if answer.status == 200 else {}
        # told from what is announced: not much more than its beginning is sent
        over = self.send("/v1/chat/completions", body[:65536], name + "-2", {"content-length": str(len(body) + 1)}, more=True)
        return {"status": answer.status, "same": got.get("sha256") == hashlib.sha256(body).hexdigest(),
                "over": [over.status, json.loads(over.read())["error"]["code"]]}

    def errors(self):
        """Bodies and the headers that clients read: the same whatever is in between."""
        out = []
        for path, body, headers in (("/v1/chat/completions", b'{"model":"janus/none","messages":[]}', {}),
                                    ("/v1/chat/completions", b"{", {}), ("/v1/models/none", b"", {}),
                                    ("/api/v1/keys", b"", {"authorization": "Bearer jns_sk_wrong"})):
            answer = self.send(path, body, "error-same", headers)
            out.append([answer.status, answer.read().decode(), answer.getheader("content-type"),
                        answer.getheader("x-request-id"), answer.getheader("www-authenticate")])
        return out

    def all(self):
        keyless = Client(f"{self.at.scheme}://{self.at.netloc}", self.upstream, self.source, "", None)
        keyless.context = self.context
        return {"steps": self.steps(), "left_ms": self.leaves(), "large": self.large(), "errors": self.errors(),
                "keyless": keyless.send("/v1/models", b"", "no-key-" + self.name).status}


def main():
    if sys.argv[1] == "serve":
        http.server.ThreadingHTTPServer.daemon_threads = True
        http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Upstream).serve_forever()
    url, upstream, source, key_file, *ca = sys.argv[2:]
    with open(key_file, encoding="utf-8") as f:
        key = re.sub(r"\s", "", f.read())
    print(json.dumps(Client(url, upstream, source, key, ca[0] if ca else None).all()))


main()
