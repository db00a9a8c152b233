#!/usr/bin/env python3
"""mixed.py - a competitor that is right as often as it is told, and streams as fast as it is told.

    mixed.py --of URL [--right 70] [--first-ms 0] [--piece-ms 0] [--stall-ms 0] [--usage 1]

It stands before janus-opponent reference (URL), which knows every answer: what it says is passed on a few
words at a time, or, for the questions that it is to get wrong, another text.  Which these are, and which
stream stalls (one in eight), follows from the question alone.  usage: what the reference says it took, so
many times.  The address that it serves is printed.
"""
import argparse
import hashlib
import http.client
import json
import re
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

parser = argparse.ArgumentParser()
parser.add_argument("--of", required=True)
parser.add_argument("--right", type=int, default=70)
for name in ("first-ms", "piece-ms", "stall-ms"):
    parser.add_argument(f"--{name}", type=int, default=0)
parser.add_argument("--usage", type=int, default=1)
options = parser.parse_args()
WRONG = "I looked at this from several sides, and I am not sure that there is enough here to say."
DROPPED = {"host", "content-length", "transfer-encoding", "connection", "accept-encoding"}


def lot(body):
    """0 to 99 and 0 to 7, by the first thing that was asked."""
    messages = body.get("messages") or [{}]
    first = next((m for m in messages if m.get("role") == "user"), messages[0])
    digest = hashlib.sha256(json.dumps(first, sort_keys=True).encode()).digest()
    return digest[0] * 100 // 256, digest[1] % 8


def pieces(text):
    """Its words; of a long one so many at once that there are not more than 150."""
    words = re.findall(r"\S+\s*|\s+", text) or [text]
    step = len(words) // 150 + 1
    return ["".join(words[n:n + step]) for n in range(0, len(words), step)]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def passed_on(self, body=None):
        url = urlsplit(options.of)
        upstream = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in DROPPED}
        upstream.request(self.command, self.path, body, headers)
        answer = upstream.getresponse()
        return answer.status, answer.getheaders(), answer.read()

    def reply(self, status, headers, body):
        self.send_response(status)
        for key, value in headers:
            if key.lower() not in DROPPED:
                self.send_header(key, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self):
        if self.path == "/health":
            self.reply(200, [("content-type", "application/json")], b'{"status":"ok"}')
        else:
            self.reply(*self.passed_on())

    do_HEAD = do_GET

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def event(self, value):
        self.chunk(b"data: %s\n\n" % json.dumps(value).encode())

    def do_POST(self):
        text = self.rfile.read(int(self.headers.get("content-length") or 0))
        body = json.loads(text)
        share, stalls = lot(body)
        status, headers, answer = self.passed_on(text)
        time.sleep(options.first_ms / 1000)
        if not body.get("stream") or status != 200:
            self.reply(status, headers, answer)
            return
        self.send_response(200)
        self.send_header("content-type", "text/event-stream; charset=utf-8")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        self.stream([e[6:] for e in answer.decode().split("\n\n") if e.startswith("data: ")],
                    share < options.right or not body.get("messages"), stalls == 0)
        self.wfile.write(b"0\r\n\r\n")

    def stream(self, events, right, stalls):
        said = False
        self.stall = options.stall_ms / 1000 if stalls else 0
        for event in events:
            if event == "[DONE]":
                self.chunk(b"data: [DONE]\n\n")
                return
            value = json.loads(event)
            choice = (value.get("choices") or [{}])[0]
            delta = choice.get("delta") or {}
            usage = value.get("usage")
            if usage and options.usage > 1:
                value["usage"] = {k: v * options.usage for k, v in usage.items() if isinstance(v, int)}
            if right and delta.get("content"):
                self.words(value, delta["content"])
            elif not right and (delta.get("content") or delta.get("tool_calls") or delta.get("janus")):
                if not said:
                    self.words(value, WRONG)
                said = True
            else:
                if not right and choice.get("finish_reason") == "tool_calls":
                    choice["finish_reason"] = "stop"
                self.event(value)

    def words(self, value, text):
        for n, piece in enumerate(pieces(text)):
            value["choices"][0]["delta"] = {"content": piece}
            if n == 3 and self.stall:
                time.sleep(self.stall)
                self.stall = 0
            time.sleep(options.piece_ms / 1000)
            self.event(value)


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
try:
    server.serve_forever()
except KeyboardInterrupt:
    sys.exit(0)
