"""ledger.py - what clients were promised, and what they saw that must not be."""
import threading
import time


class Ledger:
    def __init__(self):
        self.lock = threading.Lock()
        self.blames = []  # (when, what)
        self.counts = {}
        self.chats = {}  # request id -> (when it ended, how): of chats that Janus has answered
        self.submissions = {}  # id -> name
        self.names = {}  # of submissions: name -> its Idempotency-Key was acknowledged
        self.runs = {}  # id -> competitor
        self.keys = {}  # id -> [secret, revoked]
        self.begun = {}  # of submissions and runs: id -> when
        self.votes = {}  # battle -> winner
        self.cuts = []  # (from, to, what): a connection that ended before its answer

    def blame(self, what):
        with self.lock:
            self.blames.append((time.monotonic(), what))

    def take_blames(self):
        with self.lock:
            found, self.blames = self.blames, []
            return [what for _, what in found]

    def count(self, what):
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + 1

    def cut(self, begun, what):
        with self.lock:
            self.cuts.append((begun, time.monotonic(), what))

    def take_cuts(self):
        with self.lock:
            found, self.cuts = self.cuts, []
            return found
