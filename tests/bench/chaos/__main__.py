#!/usr/bin/env python3
"""The driver: one fault after another, each by seed and number, and what must be true after it.

Started by tests/bench/chaos.sh, which makes the images and the directories.  Each fault follows from the seed
and its number alone, so that it can be had again: --from 17, or --only 17.
"""
import argparse
import os
import random
import subprocess
import sys
import time

import faults
import invariants
from ledger import Ledger
from report import Report
from setup import Setup
from workload import GOOD, Workload

REST_EVERY = 25  # faults between two looks at it without clients
REST_S = 75
SEEN_S = 180  # until each kind of client has come to what it is for
IDLE_S = 90  # a connection that is kept without a request is hung up after 75 s
MORE_AT_REST = {"streams": 0, "sockets": 8, "sandboxes": 2, "pods": 0}
FAILURES_MANY = 2  # of an instance, after which it waits so long that an operator would start it again
OPERATOR = "Between faults the driver does what an operator would: a competitor that was killed twice is restarted, for five deaths are for good."

RULES = [(name, what) for name, _, _, what in invariants.EACH] + [invariants.BLAME, invariants.AT_REST]


def options():
    p = argparse.ArgumentParser()
    for name, kind, preset in (("bin", str, ""), ("root", str, ""), ("work", str, ""), ("engine", str, ""), ("report", str, ""),
                               ("faults", int, 1000), ("seed", int, 1), ("limit", int, 30), ("seconds", int, 0), ("from", int, 1), ("only", int, 0),
                               ("together", int, 1), ("hold", float, 1.0)):
        p.add_argument("--" + name, type=kind, default=preset)
    p.add_argument("--own-engine", action="store_true")
    p.add_argument("--kinds", default="")
    return p.parse_args()


def say(text):
    print(text, flush=True)


class Harm:
    """A fault that is being done."""

    def __init__(self, number, fault, doing, window, hold):
        self.number, self.fault, self.doing, self.window, self.hold = number, fault, doing, window, hold


class Driver:
    def __init__(self, o):
        self.o, self.begun = o, time.monotonic()
        self.world, self.ledger, self.report = Setup(o), Ledger(), Report(o.seed, RULES)
        self.first_rest, self.told = None, set()

    def choose(self, number):
        """The fault of that number: its lot, and the kinds in the order in which they are tried."""
        lot = random.Random(f"{self.o.seed}/{number}")
        left = faults.possible(self.world, [k for k in self.o.kinds.split(",") if k])
        order = []
        while left:
            one = lot.choices(left, [f.weight for f in left])[0]
            left.remove(one)
            order.append(one)
        return lot, order

    def steady(self, agents, also, seconds):
        """Seconds until it is, and what was missing last."""
        begun, missing = time.monotonic(), "nothing was asked"
        while time.monotonic() - begun < seconds:
            missing = invariants.unsteady(self.world, agents) or next(filter(None, (ask() for ask in also)), None)
            if missing is None:
                return time.monotonic() - begun, None
            time.sleep(0.1)
        return None, missing

    def harm(self, number, beside):
        """Do the fault of that number, none of the kind of those beside it: a Harm, or None."""
        lot, order = self.choose(number)
        for fault in order:
            if any(h.fault.what == fault.what for h in beside):
                continue
            doing = fault.do(self.world, lot)
            window = self.world.window(fault)
            try:
                return Harm(number, fault, doing, window, next(doing) * self.o.hold)
            except (faults.NotNow, ProcessLookupError):
                self.world.windows.remove(window)
        return None

    def round(self, numbers):
        """The faults of those numbers, at once; then all must be well again."""
        since, harms, failures = time.monotonic(), [], self.failures()
        for number in numbers:
            harms += filter(None, [self.harm(number, harms)])
        time.sleep(max((h.hold for h in harms), default=0))
        also = [a for a in [next(h.doing, None) for h in harms] if a is not None]
        agents = any(h.fault.agents for h in harms)
        took, missing = self.steady(agents, also, self.o.limit)
        late = 0
        if took is None:  # it counts as not recovered; the next one needs a world all the same
            late, still = self.steady(agents, [], 120)
            missing = f"not steady after {self.o.limit} s: {missing}" + ("" if still is None else f"; still not after {120 + self.o.limit}: {still}")
        for h in harms:
            h.window[2] = time.monotonic() + 1
            next(h.doing, None)
        wrong = ([missing] if missing else []) + self.new(invariants.broken(self.world, self.ledger))
        if all(h.fault.what == "engine" for h in harms):  # trouble of the engine is nobody else's
            wrong += [f"{name} is blamed: {n} failures, and had {failures[name]}" for name, n in self.failures().items() if n > failures.get(name, n)]
        for h in harms:
            self.report.add(h.number, h.fault.name, took, wrong)
            say(f"{'#' if not wrong else 'FAULT'} {self.o.seed}/{h.number} {h.fault.name}: held {h.hold:.1f} s, steady after "
                f"{'%.1f' % took if took is not None else f'{late}, late'} s, {time.monotonic() - since:.1f} s in all")
        for what in wrong:
            say(f"     | {what[:600]}")

    def new(self, wrong):
        """What is wrong for good is told once, with the fault it was first seen after."""
        found = [what for what in wrong if what not in self.told]
        self.told.update(found)
        return found

    def failures(self):
        """That are held against each competitor in a pod."""
        listed = self.world.control("GET", "/api/v1/instances?limit=0").json().get("data", [])
        return {i["competitor"]: i.get("failures") or 0 for i in listed if i["competitor"] in self.world.competitors and i["competitor"] != "web"}

    def operator(self):
        """Whoever was killed often is started afresh."""
        tired = [name for name, n in self.failures().items() if n >= FAILURES_MANY]
        for name in tired:
            self.world.until_answered("POST", f"/api/v1/competitors/{name}/restart")
        if tired:
            self.steady(False, [], 60)

    def idle(self):
        """What clients were to come to, and have not yet."""
        return [what for what in GOOD if not self.ledger.counts.get(what)]

    def until_seen(self):
        """What was begun, as a run, may take longer than a few faults do."""
        until = time.monotonic() + SEEN_S
        while self.idle() and time.monotonic() < until:
            time.sleep(0.1)

    def rest(self, number, work):
        """Clients pause: what they left behind, and whether anything grew since the first time."""
        wrong = [] if work.settle(REST_S) else ["clients did not come to an end"]
        until = time.monotonic() + IDLE_S
        while True:
            levels = invariants.restless(self.world)
            self.first_rest = self.first_rest or levels
            grown = self.grown(levels) + invariants.usage_is_told(self.world, self.ledger)
            if not grown or time.monotonic() > until:
                break
            time.sleep(0.5)
        wrong += self.new(grown)
        verified = subprocess.run([os.path.join(self.o.bin, "janusctl"), "verify", "events"], capture_output=True, text=True, check=False)
        if verified.returncode != 0:
            wrong.append("verify events: " + verified.stderr[-300:])
        self.report.rest(number, levels, wrong)
        say(f"{'#' if not wrong else 'FAULT'} {self.o.seed}/{number} at rest: {levels}")
        for what in wrong:
            say(f"     | {what[:600]}")
        work.go_on()

    def grown(self, levels):
        wrong = []
        for name, has in levels.items():
            first = self.first_rest.get(name, has)
            if isinstance(has, tuple):
                for what, n, was, more in zip(("descriptors", "threads", "MiB"), has, first, (16, 6, 96 * (8 if self.world.sanitized else 1))):
                    if n > was + more:
                        wrong.append(f"at rest {name} has {n} {what}, and had {was}")
            elif has > first + MORE_AT_REST[name] and not (name == "streams" and has == 0):
                wrong.append(f"at rest there are {has} {name}, and were {first}")
        return wrong

    def save(self, whole):
        if self.o.report:
            self.report.notes = [OPERATOR]
            self.report.write(self.o.report, self.ledger, time.monotonic() - self.begun, self.o.limit, whole)

    def run(self):
        world = self.world
        world.begin(say)
        work = Workload(world, self.ledger, self.o)
        work.begin()
        took, missing = self.steady(True, [], 180)
        if took is None:
            say(f"FAULT before the first: {missing}")
            return 2
        first = self.o.only or getattr(self.o, "from")
        last = first + (1 if self.o.only else self.o.faults)
        began, rested = time.monotonic(), 0
        for number in range(first, last, self.o.together):
            if self.o.seconds and time.monotonic() - began > self.o.seconds:
                break
            self.operator()
            self.round(range(number, min(number + self.o.together, last)))
            if len(self.report.rows) - rested >= REST_EVERY and number + self.o.together < last:
                self.rest(number, work)
                rested = len(self.report.rows)
            if number % 10 == 0:
                self.save(False)
        self.until_seen()
        self.rest("end", work)
        work.end()
        self.save(True)
        late = world.close()
        for name in late:
            say(f"FAULT at the end: {name} did not end by itself")
        idle = self.idle()
        for what in idle:
            say(f"FAULT at the end: of clients none was seen as \"{what}\"")
        say("\n".join(self.report.table()))
        say("     clients: " + ", ".join(f"{n} {what}" for what, n in sorted(self.ledger.counts.items())))
        bad = len(self.report.failed) + len(self.report.bad_rests) + len(late) + len(idle)
        say(f"{len(self.report.rows)} faults, {bad} not recovered")
        return 1 if bad else 0


def main():
    driver = Driver(options())
    try:
        return driver.run()
    finally:
        driver.world.close()


sys.exit(main())
