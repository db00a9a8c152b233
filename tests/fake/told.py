#!/usr/bin/env python3
"""
told.py - a competitor that answers what the last message of the user tells it, one JSON object:

    told.py PORT [DIR]     serves on 127.0.0.1 until it is killed; DIR holds texts to answer with

  {"say": TEXT} or {"file": NAME of DIR} or {"repeat": [TEXT, N], "before": TEXT, "after": TEXT}
  "think": TEXT        reasoning before it        "chunk": N       characters an event, 4096 unless told
  "pause": MS          between events              "fail": TEXT     an error with that message at the end
  "hold": N            after so many events, until somebody asks for /go
  "tool": NAME         a tool of that name is told of
  "make": [{"name", "mime", "base64" or "text" and "times"?, "sha256"?, "size"?, "id"?}]    artifacts, served by itself; what
                       is said of hash and size is believed

Anything else is answered with "heard: " and the message: its text, pictures and files.  GET /fake is the last request.
"""
import base64, hashlib, json, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PORT = int(sys.argv[1])
DIR = Path(sys.argv[2]) if len(sys.argv) > 2 else None
lock = threading.Condition()
made, last = {}, {"request": None, "goes": 0}


def parts_of(request):
    content = next((m["content"] for m in reversed(request["messages"]) if m["role"] == "user"), "")
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def heard(parts):
    said = []
    for part in parts:
        if part["type"] == "text":
            said.append(part["text"])
        elif part["type"] == "image_url":
            head, _, body = part["image_url"]["url"].partition(",")
            said.append("picture %s of %d bytes" % (head, len(base64.b64decode(body))))
        elif part["type"] == "file":
            head, _, body = part["file"]["file_data"].partition(",")
            said.append("file %s, %s of %d bytes" % (part["file"]["filename"], head, len(base64.b64decode(body))))
    return "heard: " + "; ".join(said)


def order_of(parts):
    text = "\n".join(p["text"] for p in parts if p["type"] == "text").strip()
    try:
        order = json.loads(text)
    except ValueError:
        order = None
    return order if isinstance(order, dict) else {"say": heard(parts)}


def text_of(order):
    if "file" in order:
        return (DIR / Path(order["file"]).name).read_text()
    text, count = order.get("repeat", [order.get("say", ""), 1])
    return order.get("before", "") + text * count + order.get("after", "")


def descriptors(order):
    for number, file in enumerate(order.get("make", [])):
        data = base64.b64decode(file["base64"]) if "base64" in file else file.get("text", "").encode() * file.get("times", 1)
        digest = hashlib.sha256(data).hexdigest()
        with lock:
            made[digest] = data
        yield {
            "id": file.get("id", "artf_told%d%s" % (number, digest[:8])), "type": file.get("type", "file"),
            "mime_type": file.get("mime", "application/octet-stream"), "display_name": file["name"],
            "size_bytes": file.get("size", len(data)), "sha256": file.get("sha256", digest),
            "created_at": "2026-01-01T00:00:00Z", "ttl_seconds": 3600, "url": "http://127.0.0.1:%d/made/%s" % (PORT, digest),
        }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, body, kind="application/json", status=200):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path.startswith("/made/"):
            with lock:
                data = made.get(self.path.split("/")[-1])
            return self.reply(data or b"", "application/octet-stream", 200 if data is not None else 404)
        if self.path == "/go":
            with lock:
                last["goes"] += 1
                lock.notify_all()
        self.reply(last if self.path == "/fake" else {"status": "ok"})

    def event(self, delta, finish=None, **more):
        chunk = {"id": "chatcmpl-told", "object": "chat.completion.chunk", "created": 1, "model": "told",
                 "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}
        self.send("data: %s\n\n" % json.dumps(chunk))

    def send(self, text):
        data = text.encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)))
        with lock:
            last["request"] = request
            goes = last["goes"]
        order = order_of(parts_of(request))
        text = text_of(order)
        usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
        if not request.get("stream"):
            message = {"role": "assistant", "content": text}
            return self.reply({"id": "chatcmpl-told", "object": "chat.completion", "created": 1, "model": "told", "usage": usage,
                               "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        self.event({"role": "assistant", "content": ""})
        if "think" in order:
            self.event({"reasoning_content": order["think"]})
        if "tool" in order:
            self.event({"janus": {"event": "tool_start", "payload": {"id": "t1", "name": order["tool"], "title": order["tool"]}}})
            self.event({"janus": {"event": "tool_end", "payload": {"id": "t1", "name": order["tool"], "result": order["tool"]}}})
        size = order.get("chunk", 4096)
        for at in range(0, len(text), size):
            if at // size == order.get("hold"):
                with lock:
                    lock.wait_for(lambda: last["goes"] > goes)
            self.event({"content": text[at:at + size]})
            if order.get("pause"):
                time.sleep(order["pause"] / 1000)
        for descriptor in descriptors(order):
            self.event({"janus": {"event": "artifact", "payload": descriptor}})
        if "fail" in order:
            self.send("data: %s\n\n" % json.dumps({"error": {"message": order["fail"], "code": order["fail"], "type": order["fail"]}}))
        else:
            self.event({}, "stop")
            if request.get("stream_options", {}).get("include_usage"):
                self.send("data: %s\n\n" % json.dumps({"id": "chatcmpl-told", "object": "chat.completion.chunk", "created": 1,
                                                       "model": "told", "choices": [], "usage": usage}))
            self.send("data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")


ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
