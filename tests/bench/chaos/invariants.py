"""invariants.py - what holds whatever happened: a table of checks, and when the world is in its steady state.

A check returns what is wrong, a list of words.  Those that only come true by themselves after a while are asked
again until they do, or until SETTLED_S have passed.
"""
import glob
import os
import re
import sqlite3
import time

from ledger import Ledger
from world import descriptors_of, memory_of, threads_of
from workload import chat_body, fresh

SETTLED_S = 60
OVER_S = 240  # a run or a submission, through whatever happens meanwhile
MORE_DESCRIPTORS, MORE_THREADS, MORE_MEMORY_KIB = 80, 24, 96 << 10  # while clients work
DAEMONS = ("janusd", "janus-platform", "janus-sandboxd")


# --- steady ---------------------------------------------------------------------------------

def unsteady(world, agents=False):
    """None, or what is not as it is to be."""
    soon = 5 * world.patience
    ready = world.ask("GET", "/readyz", timeout=soon)
    if ready.status != 200:
        return f"readyz {ready}"
    listed = world.control("GET", "/api/v1/competitors?limit=0", timeout=soon)
    states = {c["name"]: c for c in listed.json().get("data", [])}
    for name in world.competitors:
        if states.get(name, {}).get("state") != "ready":
            c = states.get(name, {})
            return f"{name} is {c.get('state')} {c.get('state_reason')} {c.get('state_detail')}"
    for name in world.competitors:
        body = {**chat_body("janus/" + name, "hello"), "stream": False}
        answer = world.ask("POST", "/v1/chat/completions", body, {"x-request-id": fresh("steady")}, timeout=soon)
        if not answer.ok:
            return f"{name} answers {answer}"
    for name in ("janus-sandboxd",):
        if not world.sandboxd_lives():
            return f"{name} does not answer"
    if agents:
        body = {**chat_body("janus/baseline-agent", "Run:\n```sh\necho $((6 * 7))\n```"), "stream": False, "metadata": {"path": "agent"}}
        answer = world.ask("POST", "/v1/chat/completions", body, {"x-request-id": fresh("steady")}, timeout=2 * soon)
        if not answer.ok or b"42" not in answer.body:
            return f"an agent task: {answer}"
    return None


# --- invariants -----------------------------------------------------------------------------

def streams_end(world, ledger):
    wrong = ledger.take_blames()
    for begun, ended, what in ledger.take_cuts():
        web = "web" if what.startswith("submission sub_") else None  # it was refused, not cut
        if not world.excused(begun, ended, web):
            wrong.append(f"{what} ({ended - begun:.1f} s, without a reason)")
    return wrong


def acknowledged_is_there(world, ledger):
    wrong = []
    for kind, wanted, sql in (("submission", ledger.submissions, "SELECT id FROM submissions"), ("run", ledger.runs, "SELECT id FROM runs"),
                              ("key", ledger.keys, "SELECT id FROM keys")):
        there = {row[0] for row in world.rows(sql)}
        wrong += [f"{kind} {number} was acknowledged and is not there" for number in list(wanted) if number not in there]
    revoked = {row[0] for row in world.rows("SELECT id FROM keys WHERE revoked_at_ms <> 0")}
    wrong += [f"key {n}: its revocation was acknowledged, and it is good" for n, (_, gone) in list(ledger.keys.items()) if gone and n not in revoked]
    winners = dict(world.rows("SELECT id, winner FROM battles"))
    wrong += [f"battle {b}: the vote {w} was acknowledged; it has {winners.get(b)!r}" for b, w in list(ledger.votes.items()) if winners.get(b) != w]
    return wrong


def work_comes_to_an_end(world, ledger):
    """Whatever was taken is over one day, or says what it waits for."""
    final = {"ready", "rejected", "failed", "cancelled", "retired", "finished"}
    wrong = []
    for kind, begun in (("submissions", ledger.submissions), ("runs", ledger.runs)):
        states = {row[0]: row[1:] for row in world.rows(f"SELECT id, state, reason, detail FROM {kind}")}
        wrong += [f"{number} is {states[number]} after {OVER_S} s" for number, at in list(ledger.begun.items())
                  if number in begun and number in states and states[number][0] not in final and time.monotonic() - at > OVER_S]
    return wrong


def artifacts_have_bytes(world, _ledger):
    """No row without its bytes."""
    there = {os.path.basename(place) + name for place, _, files in os.walk(os.path.join(world.state, "blobs", "sha256")) for name in files}
    return [f"artifact {number} has no bytes" for number, digest in world.rows("SELECT id, sha256 FROM artifacts")
            if digest not in there and world.rows("SELECT 1 FROM artifacts WHERE id = ?", number)]


def nothing_is_doubled(world, ledger):
    wrong = [f"usage of {r}: {n} rows" for r, n in world.rows("SELECT request_id, COUNT(*) FROM usage GROUP BY 1 HAVING COUNT(*) > 1")]
    seen = {}
    for number, name in world.rows("SELECT id, slug FROM submissions"):
        seen.setdefault(name, []).append(number)
    wrong += [f"submission {name}: {seen[name]}" for name in list(ledger.names) if len(seen.get(name, [])) > 1]
    for name, number in list(ledger.names.items()):
        if number is not None and seen.get(name, [number]) != [number]:
            wrong.append(f"submission {name} is {seen[name]}, and {number} was answered")
    wrong += [f"item {i} of {r}: {n} times" for r, i, n in world.rows(
        "SELECT run_id, item || '/' || epoch, COUNT(*) FROM run_items GROUP BY 1, 2 HAVING COUNT(*) > 1")]
    wrong += [f"run {r} has finished with {done} of {total} items, and {there} are there" for r, done, total, there in world.rows(
        "SELECT id, done, total, (SELECT COUNT(*) FROM run_items WHERE run_id = runs.id) AS there FROM runs"
        " WHERE state = 'finished' AND (done <> total OR there <> total)")]
    return wrong


def pods_are_known(world, _ledger):
    pods = world.pods()
    if pods is None:
        return ["the engine does not answer"]
    rows = world.rows("SELECT i.id, i.state, v.kind, c.slug FROM instances i JOIN versions v ON v.id = i.version_id"
                      " JOIN competitors c ON c.id = i.competitor_id WHERE i.removed_at_ms = 0")
    known = {row[0] for row in rows}
    there = {}
    for c in pods:
        there.setdefault(c["Labels"].get("rodeo.janus.instance"), []).append(c)
    wrong = [f"pod of {i}, which the database does not know: {[c['Names'] for c in cs]}" for i, cs in there.items() if i not in known]
    for number, state, kind, slug in rows:
        if kind == "image" and state in ("ready", "READY") and len(there.get(number, [])) != 2:
            wrong.append(f"{slug} is ready with {len(there.get(number, []))} containers")
        if len(there.get(number, [])) > 2:
            wrong.append(f"{slug} has {len(there[number])} containers")
    left = len(glob.glob(os.path.join(world.runtime, "pods", "*")))
    if left > len(known) + 2:
        wrong.append(f"{left} directories of pods for {len(known)} instances")
    boxes = world.sandboxes()
    if boxes is not None and len(boxes) > 2 * world.sandboxes_max:
        wrong.append(f"{len(boxes)} containers of sandboxes, of {world.sandboxes_max} sandboxes")
    return wrong


def nothing_leaks(world, _ledger):
    wrong = []
    for name in DAEMONS:
        daemon = world.daemons[name]
        pid = daemon.pid
        if not pid:
            continue
        try:
            has = (descriptors_of(pid), threads_of(pid), memory_of(pid))
        except OSError:
            continue
        limits = world.levels.setdefault(name, has)
        for what, n, first, more in zip(("descriptors", "threads", "KiB"), has, limits, (MORE_DESCRIPTORS, MORE_THREADS, MORE_MEMORY_KIB)):
            if n > first + more * (8 if world.sanitized and what == "KiB" else 1):
                wrong.append(f"{name} has {n} {what}, and had {first}")
    return wrong


def nobody_dies(world, _ledger):
    wrong = []
    for name, _, code, wished in world.deaths[world.deaths_seen:]:
        if not wished:
            wrong.append(f"{name} ended by itself: {code}: {world.tail(name)}")
    world.deaths_seen = len(world.deaths)
    for path in glob.glob(os.path.join(world.work, "janus*.log")):
        with open(path, encoding="utf-8", errors="replace") as file:
            file.seek(world.read_to.get(path, 0))
            text = file.read()
            world.read_to[path] = file.tell()
        wrong += re.findall(r"(?m)^.*(?:Sanitizer|runtime error:|Assertion `|assertion failed).*$", text)[:5]
    return wrong


def database_is_whole(world, _ledger):
    base = sqlite3.connect(f"file:{os.path.join(world.state, 'janus.db')}?mode=ro", uri=True, timeout=5)
    try:
        wrong = [row[0] for row in base.execute("PRAGMA quick_check(5)") if row[0] != "ok"]
        wrong += [f"foreign key of {row[0]} {row[1]} to {row[2]}" for row in base.execute("PRAGMA foreign_key_check").fetchmany(5)]
        return wrong
    except sqlite3.OperationalError as err:
        return [] if "locked" in str(err) else [str(err)]
    finally:
        base.close()


# name, check, whether it may take a moment, what it means
EACH = [
    ("streams have an end", streams_end, False,
     "each that was begun came to `[DONE]`, once, with nothing after it, or to a connection that a killed janusd closed;"
     " a resumed one goes on with the next event, or says that it is gone; each refusal has a code"),
    ("what was acknowledged is there", acknowledged_is_there, True, "submissions, runs, keys, revocations of keys, votes"),
    ("work comes to an end", work_comes_to_an_end, True, f"each submission and run within {OVER_S} s, through whatever else happens"),
    ("artifacts have their bytes", artifacts_have_bytes, True, "no row without them"),
    ("nothing is doubled", nothing_is_doubled, False,
     "one usage row a request, one submission an idempotency key, one row an item of a run, and a finished run has all its items"),
    ("pods are known and whole", pods_are_known, True,
     "no container with our label that the database does not know, two of each competitor that is ready, no more sandboxes than allowed"),
    ("nothing leaks", nothing_leaks, True, "descriptors, threads and memory of the three daemons, while clients work"),
    ("nobody dies by itself", nobody_dies, False, "no daemon ends that was not made to, no sanitizer and no assertion speaks"),
    ("the database is whole", database_is_whole, False, "SQLite's check, and every foreign key"),
]
AT_REST = ("at rest", f"every 25 faults clients pause: each chat that was answered has its usage row (but where janusd was killed or the disk full"
           " just then), the record of events verifies, and nothing has grown since the first time")
BLAME = ("nobody is blamed", "what happens to the engine counts against no competitor")


def broken(world, ledger: Ledger):
    """After a fault: every violation."""
    wrong = []
    for name, check, waits, _ in EACH:
        until = time.monotonic() + SETTLED_S
        found = check(world, ledger)
        while found and waits and time.monotonic() < until:
            time.sleep(0.3)
            found = check(world, ledger)
        wrong += [f"{name}: {what}" for what in found]
    return wrong


# --- at rest: no client works -----------------------------------------------------------------

def restless(world):
    """Levels with nothing to do, to be compared with each other: none may grow."""
    metrics = world.ask("GET", "/metrics").body.decode(errors="replace")
    active = sum(float(n) for n in re.findall(r"(?m)^janus_streams_active(?:\{[^}]*\})? ([0-9.e+]+)$", metrics))
    levels = {"streams": int(active)}
    for name in DAEMONS:
        pid = world.daemons[name].pid
        if pid:
            levels[name] = (descriptors_of(pid), threads_of(pid), memory_of(pid) // 1024)
    levels["sockets"] = sum(len(files) for _, _, files in os.walk(world.runtime))
    levels["sandboxes"] = len(world.sandboxes() or [])
    levels["pods"] = len(world.pods() or [])
    return levels


def usage_is_told(world, ledger):
    """Each chat that was answered has its row, but for those that a death or a full disk may have kept from it."""
    rows = {row[0] for row in world.rows("SELECT request_id FROM usage")}
    wrong = []
    for request, (ended, how) in list(ledger.chats.items()):
        if request in rows:
            del ledger.chats[request]
        elif not world.excused(ended - 2, ended + 3 * world.patience, None) and not how.startswith(("queue", "rate")):
            wrong.append(f"usage of {request} ({how}) is not there")
    return wrong
