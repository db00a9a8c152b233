#!/usr/bin/env python3
"""bench.py - a worker of runs for tests: asks nobody anything, and speaks janusd's protocol of runs.

    bench.py work --socket S --run R --state DIR --key-file F

Told by the file "fake" beside the suites: items=8, item_ms=20, fault=
    die=N       end by SIGKILL before item N, each time it comes there for the first time
    hang=N      say nothing any more at item N, the first time
    exit        end at once, without a lease
    fail        end the run as failed after the first item
    twice       send each item twice
    silent      send no heartbeats

The file "hold" beside it holds a number: from that many items on it only sends heartbeats, until the file changes or goes.
"""
import http.client
import json
import os
import signal
import socket
import sys
import time

options = dict(zip(sys.argv[2::2], sys.argv[3::2]))
run, state = options["--run"], options["--state"]
told = {}
if os.path.exists(os.path.join(os.environ["JANUS_BENCH_SUITES"], "fake")):
    with open(os.path.join(os.environ["JANUS_BENCH_SUITES"], "fake"), encoding="ascii") as file:
        told = dict(line.strip().split("=", 1) for line in file if "=" in line)
items = int(told.get("items", "8"))
item_s = int(told.get("item_ms", "20")) / 1000
fault, _, at = told.get("fault", "").partition("=")
hold = os.path.join(os.environ["JANUS_BENCH_SUITES"], "hold")


def ask(path, body):
    """One call; a daemon that is away is waited for as long as a worker waits."""
    deadline = time.monotonic() + 60
    while True:
        try:
            connection = http.client.HTTPConnection("janus", timeout=30)
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.connect(options["--socket"])
            connection.request("POST", f"/api/v1/runs/{run}/{path}", json.dumps(body),
                               {"content-type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
            if answer.status < 500:
                return answer.status, json.loads(text)
        except (OSError, http.client.HTTPException):
            pass
        if time.monotonic() > deadline:
            sys.exit("the daemon is gone")
        time.sleep(0.1)


def said(path, body):
    status, answer = ask(path, body)
    if status >= 300:
        print(f"{path}: {status} {answer['error']['code']}", file=sys.stderr, flush=True)
        sys.exit(3)
    return status, answer


def first_time(what):
    """A fault comes once, however often the worker is started."""
    try:
        os.close(os.open(os.path.join(state, "fault." + what), os.O_CREAT | os.O_EXCL))
        return True
    except FileExistsError:
        return False


def held(done):
    try:
        with open(hold, encoding="ascii") as file:
            return done >= int(file.read())
    except FileNotFoundError:
        return False


def main():
    print(f"worker {os.getpid()} of {run}", file=sys.stderr, flush=True)
    with open(os.path.join(state, "pid"), "w", encoding="ascii") as out:
        out.write(str(os.getpid()))
    with open(options["--key-file"], encoding="ascii") as key:
        assert key.read().startswith("jns_sk_")
    assert os.stat(options["--key-file"]).st_mode & 0o777 == 0o600
    if fault == "exit":
        sys.exit("told to")
    _, lease = said("lease", {"worker": f"{socket.gethostname()}:{os.getpid()}"})
    number, done = lease["lease"], {(i, e) for i, e in lease["done"]}
    ended = "finished"
    for n in range(items):
        name = f"item-{n:02}"
        if (name, 0) in done:
            continue
        if fault == "die" and n >= int(at) and first_time(name):
            os.kill(os.getpid(), signal.SIGKILL)
        if fault == "hang" and n == int(at) and first_time(name):
            time.sleep(600)
        while True:
            _, beat = (200, {"cancel": False}) if fault == "silent" else said(
                "heartbeat", {"lease": number, "done": len(done), "total": items,
                              "item": name, "eta_seconds": 1, "score": 50.5})
            if beat["cancel"] or not held(len(done)):
                break
            time.sleep(0.1)
        if beat["cancel"]:
            ended = "cancelled"
            break
        time.sleep(item_s)
        result = {"object": "item", "id": f"itm_{run[4:20]}{n:02}", "item": name,
                  "task_type": "chat", "epoch": 0, "attempt": 0, "state": "passed",
                  "scores": {"quality": 100.0}, "passed": True}
        with open(os.path.join(state, "items.jsonl"), "a", encoding="ascii") as out:
            out.write(json.dumps(result) + "\n")
            out.flush()
            os.fsync(out.fileno())
        for _ in range(2 if fault == "twice" else 1):
            said("items", {"lease": number, "result": result})
        done.add((name, 0))
        if fault == "fail":
            ended = "failed"
            break
    report = {"object": "evidence", "id": "evd_" + run[4:], "run": run, "state": ended,
              "is_whole": ended == "finished",
              "items": {"expected": items, "counted": len(done), "passed": len(done),
                        "failed": 0, "excluded": 0},
              "scores": {"composite": {"value": 87.65, "low": 80.5, "high": 91.25}},
              "weights": {"quality": 45}, "cost_from": "tokens"}
    with open(os.path.join(state, "manifest.json"), "w", encoding="ascii") as out:
        json.dump(report, out)
    said("finish", {"lease": number, "state": ended, "report": report,
                    **({"code": "told_to", "fault": "miner", "error": "as it was told"}
                       if ended == "failed" else {})})


main()
