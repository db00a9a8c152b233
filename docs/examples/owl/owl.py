"""An owl: a whole competitor in one small file. It reads everything backwards."""
import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Owl(BaseHTTPRequestHandler):
    def reply(self, kind, text="", status=200):
        self.send_response(status)
        self.send_header("content-type", kind)
        self.end_headers()
        self.wfile.write(text.encode())

    def event(self, choices, **more):
        event = {"id": "chatcmpl-owl", "object": "chat.completion.chunk", "created": int(time.time()),
                 "model": "owl", "choices": choices, **more}
        self.wfile.write(b"data: " + json.dumps(event).encode() + b"\n\n")

    def do_GET(self):  # Janus asks for /health and takes any 200 with this body
        self.reply("application/json", '{"status":"ok"}')

    def do_POST(self):
        try:
            chat = json.loads(self.rfile.read(int(self.headers["content-length"])))
            content = chat["messages"][-1]["content"]
            text = content if isinstance(content, str) else " ".join(p.get("text", "") for p in content)
        except (ValueError, LookupError, TypeError, AttributeError) as wrong:
            return self.reply("application/json", json.dumps({"error": {
                "message": f"That is no chat: {wrong!r}", "type": "invalid_request_error",
                "param": None, "code": "bad_request"}}), 400)
        answer = text[::-1]
        usage = {"prompt_tokens": len(text), "completion_tokens": len(text), "total_tokens": 2 * len(text)}
        if not chat.get("stream"):
            message = {"role": "assistant", "content": answer}
            return self.reply("application/json", json.dumps({
                "id": "chatcmpl-owl", "object": "chat.completion", "created": int(time.time()), "model": "owl",
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": usage}))
        self.reply("text/event-stream")
        self.event([{"index": 0, "delta": {"role": "assistant", "reasoning_content": "Backwards it is."}, "finish_reason": None}])
        for word in answer.split(" "):
            self.event([{"index": 0, "delta": {"content": word + " "}, "finish_reason": None}])
        self.event([{"index": 0, "delta": {}, "finish_reason": "stop"}])
        if (chat.get("stream_options") or {}).get("include_usage"):
            self.event([], usage=usage)
        self.wfile.write(b"data: [DONE]\n\n")


ThreadingHTTPServer(("", 8080), Owl).serve_forever()
