#!/usr/bin/env python3
"""
model.py - an OpenAI-compatible model that does what the last message of the user says, line by line.

    model.py [PORT]        prints its port, then serves on 127.0.0.1 until it is killed

  call NAME {JSON}     a turn that calls that tool; one a turn, in their order
  fault:refuse         429 | fault:denied 401 | fault:broken 500 | fault:stall a head, a word and nothing more
  fault:silent         nothing at all | fault:garbage events that are no JSON | fault:html a page
  fault:empty          a stream with nothing in it | fault:error an error in the stream | fault:cut half an event
  fault:badargs        a call whose arguments are no JSON | fault:unknown a call of no tool

With no calls left it answers "DONE", what the last tool gave, and how many pictures it was shown.  A fault comes in the
place of that answer.  Every turn uses 100 prompt tokens and 10 completion tokens.  GET /fake: {"asked": N, "last": REQUEST}.
"""
import json, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODELS = ["fake-model", "fake-vision"]
lock = threading.Lock()
seen = {"asked": 0, "last": None, "ids": []}


def text_of(message):
    content = message.get("content") or ""
    return content if isinstance(content, str) else "\n".join(p.get("text", "") for p in content)


def pictures(messages):
    return sum(p.get("type") == "image_url" for m in messages if isinstance(m.get("content"), list) for p in m["content"])


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, body, kind="application/json"):
        body = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/fake":
            with lock:
                return self.reply(200, seen)
        self.reply(200, {"object": "list", "data": [{"id": m, "object": "model", "created": 0, "owned_by": "fake"} for m in MODELS]})

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)))
        with lock:
            seen["asked"] += 1
            seen["last"] = request
            seen["ids"].append(self.headers.get("x-request-id"))
        messages = request["messages"]
        script = next((text_of(m) for m in reversed(messages) if m["role"] == "user"), "")
        lines = [line.strip() for line in script.splitlines()]
        calls = [line[5:].split(" ", 1) for line in lines if line.startswith("call ")]
        last = max((i for i, m in enumerate(messages) if m["role"] == "user"), default=0)
        turn = sum(m["role"] == "assistant" and bool(m.get("tool_calls")) for m in messages[last:])
        fault = next((w[6:] for line in lines for w in line.split() if w.startswith("fault:")), None)
        if turn < len(calls) and request.get("tools"):
            return self.answer(request, calls=[calls[turn]], text=f"Now {calls[turn][0]}. " if turn == 0 else "")
        if fault:
            return self.fault(fault, request, turn)
        results = [text_of(m) for m in messages if m["role"] == "tool"]
        words = f"DONE {results[-1].strip()}" if results else "DONE"
        shown = pictures(messages)
        self.answer(request, text=words + (f" pictures={shown}" if shown else ""))

    def fault(self, what, request, turn):
        if what in ("refuse", "denied", "broken"):
            status = {"refuse": 429, "denied": 401, "broken": 500}[what]
            return self.reply(status, {"error": {"message": f"fault {what}", "type": "x", "param": None, "code": what}})
        if what == "html":
            return self.reply(200, "<html>hello</html>", "text/html")
        if what == "silent":
            time.sleep(600)
            return
        if what in ("badargs", "unknown") and turn == 0:
            return self.answer(request, calls=[["shell", "{broken"] if what == "badargs" else ["nothing", "{}"]])
        if what in ("badargs", "unknown"):
            return self.answer(request, text="DONE " + text_of(request["messages"][-1]))
        self.begin()
        if what == "garbage":
            self.wfile.write(b"data: {this is none\n\ndata: [1,2]\n\ndata: [DONE]\n\n")
        elif what == "empty":
            self.wfile.write(b"data: [DONE]\n\n")
        elif what == "error":
            self.event({"error": {"message": "the model fell over"}})
            self.wfile.write(b"data: [DONE]\n\n")
        elif what == "cut":
            self.wfile.write(b'data: {"id":"c","choices":[{"index":0,"del')
        elif what == "stall":
            self.chunk(request, {"role": "assistant", "content": "I begin "})
            self.wfile.flush()
            time.sleep(600)

    def begin(self):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True

    def event(self, data):
        self.wfile.write(f"data: {json.dumps(data)}\n\n".encode())
        self.wfile.flush()

    def chunk(self, request, delta, finish=None, usage=None):
        data = {"id": "chatcmpl-fake", "object": "chat.completion.chunk", "created": 1, "model": request.get("model"),
                "choices": [] if usage else [{"index": 0, "delta": delta, "finish_reason": finish}]}
        if usage:
            data["usage"] = usage
        self.event(data)

    def answer(self, request, text="", calls=()):
        usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
        made = [{"id": f"call_{i + 1}_{len(request['messages'])}", "type": "function",
                 "function": {"name": name, "arguments": arguments}} for i, (name, arguments) in enumerate(calls)]
        finish = "tool_calls" if made else "stop"
        if not request.get("stream"):
            message = {"role": "assistant", "content": text or None}
            if made:
                message["tool_calls"] = made
            return self.reply(200, {"id": "chatcmpl-fake", "object": "chat.completion", "created": 1, "model": request.get("model"),
                                    "choices": [{"index": 0, "message": message, "finish_reason": finish}], "usage": usage})
        self.begin()
        self.chunk(request, {"role": "assistant", "content": ""})
        for i in range(0, len(text), 7):
            self.chunk(request, {"content": text[i:i + 7]})
        for i, call in enumerate(made):
            half = len(call["function"]["arguments"]) // 2
            self.chunk(request, {"tool_calls": [dict(call, index=i, function={"name": call["function"]["name"], "arguments": call["function"]["arguments"][:half]})]})
            self.chunk(request, {"tool_calls": [{"index": i, "function": {"arguments": call["function"]["arguments"][half:]}}]})
        self.chunk(request, {}, finish)
        if (request.get("stream_options") or {}).get("include_usage"):
            self.chunk(request, {}, usage=usage)
        self.wfile.write(b"data: [DONE]\n\n")


server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 0), Handler)
server.daemon_threads = True
print(server.server_address[1], flush=True)
server.serve_forever()
