"""workload.py - the clients: chats of each kind, submissions, agent tasks, runs, keys and votes, until they are told to stop.

Each is a thread that does one thing after another.  What was acknowledged goes into the ledger; what may never be
(a stream without an end, events twice, another answer for the same Idempotency-Key) is blamed there at once.  An
answer that says what is wrong, typed, is an answer.
"""
import http.client
import json
import random
import threading
import time
import uuid

SILENT_S = 20  # longer without a byte, without a fault that explains it, is no end
WAIT_S = 60  # for what is not done at once

pace = time.sleep


class Ended(Exception):
    """How a stream came to its end that is not [DONE]."""


def fresh(what):
    return f"{what}-{uuid.uuid4().hex[:20]}"


def chat_body(model, text, **more):
    return {"model": model, "stream": True, "messages": [{"role": "user", "content": text}], **more}


class Stream:
    """One streamed answer, line by line; reads until [DONE], or says why it cannot."""

    def __init__(self, world, method, path, body, headers):
        self.begun, self.connection = time.monotonic(), world.tcp(SILENT_S)
        self.done, self.error, self.last_id, self.text = 0, None, 0, ""
        self.events = 0
        data = None if body is None else json.dumps(body)
        self.connection.request(method, path, data, {"content-type": "application/json", **headers})
        self.answer = self.connection.getresponse()
        self.status = self.answer.status

    def lines(self):
        while True:
            line = self.answer.readline()
            if not line:
                return
            yield line.rstrip(b"\r\n")

    def read(self, until=None):
        """True at its end; False when `until` events were read."""
        number = None
        for line in self.lines():
            if line.startswith(b"id: "):
                number = int(line[4:])
                if number != self.last_id + 1:
                    raise Ended(f"event {number} came after {self.last_id}")
                self.last_id = number
            elif line.startswith(b"data: "):
                self.events += 1
                self.take(line[6:])
            elif not line and until is not None and self.events >= until and not self.done:
                return False
        return True

    def take(self, data):
        if data == b"[DONE]":
            self.done += 1
            return
        if self.done:
            raise Ended("something came after [DONE]")
        try:
            event = json.loads(data)
        except ValueError as err:
            raise Ended(f"an event that is no JSON: {data[:80]!r}") from err
        if "error" in event:
            self.error = event["error"].get("code") or "untyped"
            return
        for choice in event.get("choices") or []:
            self.text += (choice.get("delta") or {}).get("content") or ""

    def close(self):
        self.connection.close()


class Client(threading.Thread):
    name_of, every_s = "", 1.0

    def __init__(self, work):
        super().__init__(daemon=True)
        self.work, self.world, self.ledger, self.options = work, work.world, work.ledger, work.options
        self.lot = random.Random(f"{work.options.seed}/{self.name_of}/{id(self)}")

    def run(self):
        while not self.work.over:
            if not self.work.going.wait(1):
                continue
            with self.work.busy():
                try:
                    self.once()
                except (OSError, http.client.HTTPException, ValueError, KeyError) as err:
                    self.ledger.count(f"{self.name_of}: {type(err).__name__}")
            pace(self.every_s * self.lot.uniform(0.5, 1.5))

    def once(self):
        raise NotImplementedError

    # --- chats ------------------------------------------------------------------------

    def stream(self, body, headers=None, path="/v1/chat/completions"):
        """To its end; the Stream, or None where there was no connection."""
        request, begun, s = fresh("chaos"), time.monotonic(), None
        try:
            s = Stream(self.world, "POST", path, body, {"x-request-id": request, **(headers or {})})
            if s.status != 200:
                self.refused(s, request)
            else:
                s.read()
                self.settle(s, request)
            return s
        except Ended as err:
            self.ledger.blame(f"{self.name_of} {request}: {err}")
        except (OSError, http.client.HTTPException) as err:
            self.ledger.count(f"{self.name_of}: cut")
            self.ledger.cut(begun, f"{self.name_of} {request}: {err!r}{'' if s is None else f' after {s.events} events'}")
        finally:
            if s is not None:
                s.close()
        return None

    def refused(self, s, request):
        try:
            code = json.loads(s.answer.read())["error"]["code"]
            self.ledger.count(f"{self.name_of}: {code}")
            self.ledger.chats[request] = (time.monotonic(), code)
        except (ValueError, KeyError, TypeError):
            self.ledger.blame(f"{self.name_of} {request}: {s.status} without a code")

    def settle(self, s, request):
        if s.done > 1:
            self.ledger.blame(f"{self.name_of} {request}: [DONE] came {s.done} times")
        if s.done == 0:
            self.ledger.count(f"{self.name_of}: cut")
            self.ledger.cut(s.begun, f"{self.name_of} {request}: closed after {s.events} events, without [DONE]")
            return
        self.ledger.count(f"{self.name_of}: {s.error or 'ok'}")
        self.ledger.chats[request] = (time.monotonic(), s.error or "ok")

    # --- what is acknowledged ---------------------------------------------------------

    def insist(self, method, path, body, seconds=WAIT_S):
        """The same request with the same key until it is answered for good."""
        key, until = fresh("once-0123456789"), time.monotonic() + seconds
        while time.monotonic() < until and not self.work.over:
            answer = self.world.control(method, path, body, {"idempotency-key": key}, timeout=10)
            if answer.ok or (400 <= answer.status < 500 and answer.code not in ("idempotency_in_progress", "rate_limit_exceeded")):
                return answer, key
            pace(0.3)
        return None, key

    def again(self, method, path, body, key, first):
        """What was done is done once: the same key tells of the same object."""
        answer = self.world.control(method, path, body, {"idempotency-key": key}, timeout=10)
        if answer.ok and answer.json().get("id") != first:
            self.ledger.blame(f"{path}: the same key made {first} and {answer.json().get('id')}")


class Chat(Client):
    name_of, every_s = "chat", 0.4

    def once(self):
        what = self.lot.randrange(4)
        if what == 0:
            self.stream(chat_body("janus/baseline-agent", "/slow 50ms\n/long 60", metadata={"path": "fast"}))
        elif what == 1:
            self.stream(chat_body("janus/owl", "hello"))
        elif what == 2:
            self.stream(chat_body("janus/web", f"fault:chunks={self.lot.randrange(5, 40)} fault:slow=60"))
        else:
            self.stream(chat_body("janus", "hello", stream_options={"include_usage": True}))


class Tools(Client):
    name_of, every_s = "tools", 1.0
    offered = [{"type": "function", "function": {"name": "weather", "parameters": {
        "type": "object", "properties": {"city": {"type": "string"}}}}}]

    def once(self):
        self.stream(chat_body("janus/baseline-agent", 'call weather {"city":"Prague"}', tools=self.offered))


class Resumable(Client):
    name_of, every_s = "resumable", 0.8

    def once(self):
        request, begun, s = fresh("chaos"), time.monotonic(), None
        try:
            s = Stream(self.world, "POST", "/v1/chat/completions",
                       chat_body("janus/web", "fault:chunks=25 fault:slow=80"), {"x-request-id": request, "x-janus-resume": "1"})
            if s.status != 200:
                return self.refused(s, request)
            number = s.answer.headers.get("x-janus-stream-id")
            ended = s.read(until=self.lot.randrange(2, 15))
        except Ended as err:
            return self.ledger.blame(f"resumable {request}: {err}")
        except (OSError, http.client.HTTPException) as err:
            return self.ledger.cut(begun, f"resumable {request}: {err!r}")
        finally:
            if s is not None:
                s.close()
        if ended:
            return self.settle(s, request)
        pace(self.lot.uniform(0, 1))
        return self.rest(number, request, begun, s.last_id)

    def rest(self, number, request, begun, last):
        """Come back for what is missing, as often as the connection breaks; a stream that is gone is said to be."""
        until = time.monotonic() + WAIT_S
        while time.monotonic() < until and not self.work.over:
            s = None
            try:
                s = Stream(self.world, "GET", f"/v1/streams/{number}", None, {"last-event-id": str(last)})
                if s.status in (404, 410):
                    self.ledger.count("resumable: gone")
                    return self.ledger.cut(begun, f"resumable {request}: the stream is gone")
                if s.status == 204:
                    return self.ledger.count("resumable: ok")
                if s.status == 200:
                    s.last_id = last
                    s.read()
                    if s.done:
                        return self.settle(s, request)
                    last = s.last_id
            except Ended as err:
                return self.ledger.blame(f"resumable {request}: {err}")
            except (OSError, http.client.HTTPException):
                last = s.last_id if s is not None and s.last_id else last
            finally:
                if s is not None:
                    s.close()
            pace(0.3)
        return self.ledger.cut(begun, f"resumable {request}: never came to its end")


class Agent(Client):
    name_of, every_s = "agent", 3.0

    def once(self):
        s = self.stream(chat_body("janus/baseline-agent", "Run:\n```sh\nmkdir -p artifacts; echo $((6 * 7)); echo "
                                  f"{self.lot.random()} >artifacts/n.txt\n```"))
        if s is not None and s.done and not s.error:
            self.ledger.count("agent: answered 42" if "42" in s.text else "agent: answered otherwise")


class Submission(Client):
    name_of, every_s = "submission", 3.0

    def what(self):
        return {"url": self.options.web}

    def once(self):
        name = fresh("s")[:18]
        body = {"name": name, **self.what()}
        self.ledger.names[name] = None
        answer, key = self.insist("POST", "/api/v1/submissions", body)
        if answer is None:
            return
        if not answer.ok:
            return self.ledger.count(f"{self.name_of}: {answer.code}")
        number = answer.json()["id"]
        self.ledger.submissions[number] = name
        self.ledger.begun[number] = time.monotonic()
        self.ledger.names[name] = number
        self.again("POST", "/api/v1/submissions", body, key, number)
        state = self.followed(number)
        self.ledger.count(f"{self.name_of}: {state}")
        if state == "ready":
            self.stream(chat_body("janus/" + name, "hello"))
            self.insist("DELETE", "/api/v1/competitors/" + name, None)

    def followed(self, number):
        until = time.monotonic() + WAIT_S
        while time.monotonic() < until and not self.work.over:
            answer = self.world.control("GET", "/api/v1/submissions/" + number)
            if answer.status == 404:
                return self.ledger.blame(f"submission {number}: it was acknowledged, and nobody knows it")
            state = answer.json().get("state")
            if state in ("ready", "rejected", "failed", "cancelled"):
                if state != "ready":
                    self.ends(number, answer.json())
                return state
            pace(0.3)
        return "waiting"

    def ends(self, number, what):
        """An endpoint that was made to fail may be refused; what it says is kept."""
        self.ledger.cut(time.monotonic() - WAIT_S, f"{self.name_of} {number}: {what['state']} {what.get('state_reason')}"
                        f" {what.get('state_detail')} fault {what.get('fault')}")


class ImageSubmission(Submission):
    name_of, every_s = "image", 8.0

    def what(self):
        return {"image": "hostile-ok:latest"}

    def ends(self, number, what):
        """Nobody harms these, but for the engine and ourselves: a miner is never to blame."""
        if what.get("fault") == "miner":
            self.ledger.blame(f"image {number}: {what['state']} {what.get('state_reason')} {what.get('state_detail')}, and blames the miner")


class Run(Client):
    name_of, every_s = "run", 1.0

    def once(self):
        slug = self.lot.choice(["owl", "web"])
        body = {"competitor": slug, "suite": "public/dev", "subset_percent": 20, "concurrency": 2, "seed": self.lot.randrange(1 << 30)}
        answer, key = self.insist("POST", "/api/v1/runs", body)
        if answer is None or not answer.ok:
            return self.ledger.count(f"run: {None if answer is None else answer.code}")
        number = answer.json()["id"]
        self.ledger.runs[number] = slug
        self.ledger.begun[number] = time.monotonic()
        self.again("POST", "/api/v1/runs", body, key, number)
        until = time.monotonic() + 120
        while time.monotonic() < until and not self.work.over and self.work.going.is_set():
            state = self.world.control("GET", "/api/v1/runs/" + number).json().get("state")
            if state in ("finished", "failed", "cancelled"):
                return self.ledger.count("run: " + state)
            pace(0.5)
        return self.ledger.count("run: left behind")


class Key(Client):
    name_of, every_s = "key", 3.0

    def once(self):
        body = {"name": fresh("k")[:18], "scopes": ["chat"]}
        answer, _ = self.insist("POST", "/api/v1/keys", body)
        if answer is None or not answer.ok or "secret" not in answer.json():
            return self.ledger.count(f"key: {None if answer is None else answer.code or 'no secret'}")
        number, secret = answer.json()["id"], answer.json()["secret"]
        self.ledger.keys[number] = [secret, False]
        s = self.stream(chat_body("janus/web", "hello"), {"authorization": "Bearer " + secret})
        if s is not None and s.status == 401:
            self.ledger.blame(f"key {number} was acknowledged, and is not taken")
        self.ledger.count("key: good" if s is not None and s.done else "key: not tried")
        if self.lot.randrange(2):
            return None
        gone = self.world.control("DELETE", "/api/v1/keys/" + number, None, {"if-match": "*"})
        if gone.ok:
            self.ledger.keys[number][1] = True
        elif gone.status == 0:
            del self.ledger.keys[number]  # nobody knows whether
        return self.ledger.count("key: revoked")


class Vote(Client):
    name_of, every_s = "vote", 3.0

    def once(self):
        answer = self.world.ask("POST", "/v1/arena", {"messages": [{"role": "user", "content": "hello"}], "stream": False})
        if not answer.ok:
            return self.ledger.count(f"vote: {answer.code or 'cut'}")
        battle, winner = answer.json()["id"], self.lot.choice(["a", "b", "tie"])
        voted = self.world.ask("POST", f"/v1/arena/{battle}/vote", {"winner": winner})
        if voted.ok:
            self.ledger.votes[battle] = winner
        return self.ledger.count(f"vote: {'ok' if voted.ok else voted.code or 'cut'}")


CLIENTS = [(Chat, 4), (Tools, 1), (Resumable, 2), (Agent, 1), (Submission, 1), (ImageSubmission, 1), (Run, 1), (Key, 1), (Vote, 1)]

GOOD = ["chat: ok", "tools: ok", "resumable: ok", "agent: answered 42", "submission: ready", "image: ready", "run: finished", "key: good", "vote: ok"]


class Workload:
    def __init__(self, world, ledger, options):
        self.world, self.ledger, self.options = world, ledger, options
        self.over, self.going = False, threading.Event()
        self.lock, self.at_work = threading.Lock(), 0
        self.clients = [kind(self) for kind, many in CLIENTS for _ in range(many)]

    def busy(self):
        return Busy(self)

    def begin(self):
        self.going.set()
        for client in self.clients:
            if not client.is_alive():
                client.start()

    def settle(self, seconds):
        """No new work; True when what was begun is over."""
        self.going.clear()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.at_work == 0:
                return True
            pace(0.1)
        return False

    def go_on(self):
        self.going.set()

    def end(self):
        self.over = True


class Busy:
    def __init__(self, work):
        self.work = work

    def __enter__(self):
        with self.work.lock:
            self.work.at_work += 1

    def __exit__(self, *_):
        with self.work.lock:
            self.work.at_work -= 1
