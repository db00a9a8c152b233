"""Small programs: each has a model in Python here that says what is right, and a reference in its language."""

import datetime
import heapq
import json
import re

TASK = "coding"
NAMES = {"python": "Python 3", "node": "JavaScript for Node.js", "sh": "a POSIX shell (sh) with the usual text tools"}
FENCE = {"python": "python", "node": "javascript", "sh": "sh"}


def program(ids, about, language, prompt, model, inputs, code, must=1):
    """model(stdin) says the output; the first `must` inputs are needed for any score."""
    cases = []
    for i, stdin in enumerate(inputs):
        case = {"stdin": stdin, "expect_stdout": model(stdin)}
        if i < must:
            case["must"] = True
        cases.append(case)
    assert len({c["expect_stdout"] for c in cases}) > 1 and all(c["expect_stdout"].strip() for c in cases), about
    return {"id": ids(TASK, about), "task_type": TASK,
            "prompt": f"Write a program in {NAMES[language]} that reads standard input and writes standard output. {prompt.strip()}\n\n"
                      f"Reply with the whole program in exactly one fenced code block marked `{FENCE[language]}`. No packages beyond the "
                      "standard ones.",
            "scorer": {"kind": "code", "language": language, "entry": "program", "cases": cases},
            "reference": {"text": f"```{FENCE[language]}\n{code.strip()}\n```"}}


def text(lines):
    return "\n".join(str(line) for line in lines) + "\n"


# ---- train, Python ----


def run_lengths(stdin):
    out = []
    for line in stdin.splitlines():
        out.append("".join(f"{len(m.group(0))}{m.group(1)}" for m in re.finditer(r"(.)\1*", line)))
    return text(out)


def merge_intervals(stdin):
    spans = sorted(tuple(map(int, line.split())) for line in stdin.split("\n") if line)
    out = []
    for a, b in spans:
        if out and a <= out[-1][1] + 1:
            out[-1][1] = max(out[-1][1], b)
        else:
            out.append([a, b])
    return text(f"{a} {b}" for a, b in out)


def top_words(stdin):
    first, _, rest = stdin.partition("\n")
    counts = {}
    for w in re.findall(r"[a-z]+", rest.lower()):
        counts[w] = counts.get(w, 0) + 1
    return text(f"{w} {n}" for w, n in sorted(counts.items(), key=lambda p: (-p[1], p[0]))[:int(first)])


def spiral(stdin):
    rows = [line.split() for line in stdin.splitlines()]
    out = []
    while rows:
        out += rows.pop(0)
        rows = [list(r) for r in zip(*rows)][::-1]
    return text([" ".join(out)])


def brackets(stdin):
    out = []
    for line in stdin.splitlines():
        stack, bad = [], 0
        for i, c in enumerate(line, 1):
            if c in "([{":
                stack.append((c, i))
            elif c in ")]}":
                if not stack or "([{".index(stack.pop()[0]) != ")]}".index(c):
                    bad = i
                    break
        out.append(bad or (stack[0][1] if stack else "ok"))
    return text(out)


def ledger(stdin):
    accounts, refused = {}, 0
    for line in stdin.splitlines():
        verb, *args = line.split()
        if verb == "open":
            accounts.setdefault(args[0], 0)
        elif verb == "pay":
            if args[0] in accounts:
                accounts[args[0]] += int(args[1])
            else:
                refused += 1
        else:
            a, b, n = args[0], args[1], int(args[2])
            if a in accounts and b in accounts and accounts[a] >= n:
                accounts[a] -= n
                accounts[b] += n
            else:
                refused += 1
    return text([f"{n} {accounts[n]}" for n in sorted(accounts)] + [f"refused {refused}"])


def rising(stdin):
    best = []
    for v in map(int, stdin.split()):
        at = next((i for i, b in enumerate(best) if b >= v), len(best))
        best[at:at + 1] = [v]
    return text([len(best)])


def free_times(stdin):
    clock = lambda s: int(s[:2]) * 60 + int(s[3:])
    show = lambda m: f"{m // 60:02d}:{m % 60:02d}"
    (a, b), *busy = [tuple(map(clock, line.split())) for line in stdin.splitlines()]
    out = []
    for s, e in sorted(busy):
        if s > a:
            out.append((a, min(s, b)))
        a = max(a, e)
    if a < b:
        out.append((a, b))
    out = [(s, e) for s, e in out if e - s >= 15]
    return text(f"{show(s)} {show(e)}" for s, e in out) if out else "none\n"


def knapsack(stdin):
    limit, *rest = stdin.splitlines()
    best = [0] * (int(limit) + 1)
    for line in rest:
        w, v = map(int, line.split())
        for c in range(int(limit), w - 1, -1):
            best[c] = max(best[c], best[c - w] + v)
    return text([best[-1]])


# ---- train, node ----


def flatten(stdin):
    out = []

    def walk(value, path):
        if isinstance(value, dict) and value:
            for k in value:
                walk(value[k], path + [k])
        elif isinstance(value, list) and value:
            for i, v in enumerate(value):
                walk(v, path + [str(i)])
        else:
            out.append((".".join(path), json.dumps(value, separators=(",", ":"), ensure_ascii=False)))
    walk(json.loads(stdin), [])
    return text(f"{k} = {v}" for k, v in sorted(out))


def csv_sum(stdin):
    import csv
    import io
    rows = list(csv.DictReader(io.StringIO(stdin)))
    sums = {}
    for r in rows:
        sums[r["customer"]] = sums.get(r["customer"], 0) + int(r["cents"])
    return text(f"{k}: {v // 100}.{v % 100:02d}" for k, v in sorted(sums.items()))


def wrap(stdin):
    first, _, rest = stdin.partition("\n")
    width, out, line = int(first), [], ""
    for w in rest.split():
        if line and len(line) + 1 + len(w) > width:
            out.append(line)
            line = w
        else:
            line = f"{line} {w}".strip()
    return text(out + [line])


def lru(stdin):
    first, *rest = stdin.splitlines()
    cache, out = {}, []
    for line in rest:
        verb, key, *value = line.split()
        if verb == "put":
            cache.pop(key, None)
            cache[key] = value[0]
            if len(cache) > int(first):
                del cache[next(iter(cache))]
        elif key in cache:
            cache[key] = cache.pop(key)
            out.append(cache[key])
        else:
            out.append("-")
    return text(out)


def template(stdin):
    head, _, body = stdin.partition("---\n")
    values = dict(line.split("=", 1) for line in head.splitlines())
    return re.sub(r"\{\{\s*(\w+)(?:\|([^}]*))?\s*\}\}", lambda m: values.get(m[1], m[2] if m[2] is not None else "?"), body)


def factorial_digits(stdin):
    import math
    return text(sum(map(int, str(math.factorial(int(n))))) for n in stdin.split())


# ---- train, sh ----


def extensions(stdin):
    counts = {}
    for line in stdin.splitlines():
        name = line.rsplit("/", 1)[-1]
        e = name.rsplit(".", 1)[1] if "." in name[1:] else "none"
        counts[e] = counts.get(e, 0) + 1
    return text(f"{e} {n}" for e, n in sorted(counts.items()))


def sums_by_key(stdin):
    sums = {}
    for line in stdin.splitlines():
        k, v = line.split()
        sums[k] = sums.get(k, 0) + int(v)
    return text(f"{k} {v}" for k, v in sorted(sums.items(), key=lambda p: (-p[1], p[0])))


def both_ways(stdin):
    return text(" ".join(reversed(line.split())) for line in reversed(stdin.splitlines()))


def addresses(stdin):
    counts = {}
    for line in stdin.splitlines():
        a, *_, status = line.split()
        if status.startswith("5"):
            counts[a] = counts.get(a, 0) + 1
    return text(f"{n} {a}" for a, n in sorted(counts.items(), key=lambda p: (-p[1], p[0])))


def runs_of_lines(stdin):
    import itertools
    return text(f"{len(list(g))} {k}" for k, g in itertools.groupby(stdin.splitlines()))


# ---- dev, Python ----


def calculator(stdin):
    out = []
    for line in stdin.splitlines():
        try:
            out.append(eval(re.sub(r"/", "//", line)))  # noqa: S307 - inputs are ours, all numbers positive
        except ZeroDivisionError:
            out.append("error")
    return text(out)


def life(stdin):
    first, *rows = stdin.splitlines()
    for _ in range(int(first)):
        h, w = len(rows), len(rows[0])
        near = lambda r, c: sum(rows[y][x] == "#" for y in range(max(0, r - 1), min(h, r + 2))
                                for x in range(max(0, c - 1), min(w, c + 2)) if (y, x) != (r, c))
        rows = ["".join("#" if near(r, c) == 3 or (rows[r][c] == "#" and near(r, c) == 2) else "." for c in range(w))
                for r in range(h)]
    return text(rows)


def build_order(stdin):
    needs, all_names = {}, set()
    for line in stdin.splitlines():
        name, _, rest = line.partition(":")
        needs.setdefault(name, set()).update(rest.split())
        all_names |= {name, *rest.split()}
    out = []
    while len(out) < len(all_names):
        ready = sorted(n for n in all_names if n not in out and needs.get(n, set()) <= set(out))
        if not ready:
            return "cycle\n"
        out.append(ready[0])
    return text([" ".join(out)])


def maze(stdin):
    rows = stdin.splitlines()
    at = {c: (r, line.index(c)) for r, line in enumerate(rows) for c in "SE" if c in line}
    seen, edge, n = {at["S"]}, [at["S"]], 0
    while edge and at["E"] not in edge:
        n += 1
        edge = [p for p in {(r + a, c + b) for r, c in edge for a, b in ((0, 1), (1, 0), (0, -1), (-1, 0))} - seen
                if 0 <= p[0] < len(rows) and 0 <= p[1] < len(rows[0]) and rows[p[0]][p[1]] != "#"]
        seen |= set(edge)
    return text([n if edge else "no way"])


def ages(stdin):
    today, *rest = stdin.splitlines()
    t = datetime.date.fromisoformat(today)
    out = []
    for line in rest:
        name, born = line.split()
        b = datetime.date.fromisoformat(born)
        out.append((name, t.year - b.year - ((t.month, t.day) < (b.month, b.day))))
    return text(f"{n} {a}" for n, a in out)


def polynomials(stdin):
    a, b = [[int(x) for x in line.split()] for line in stdin.splitlines()]
    out = [0] * (len(a) + len(b) - 1)
    for i, x in enumerate(a):
        for k, y in enumerate(b):
            out[i + k] += x * y
    return text([" ".join(map(str, out))])


def change(stdin):
    coins, *amounts = stdin.splitlines()
    coins = list(map(int, coins.split()))
    out = []
    for amount in map(int, amounts):
        best = [0] + [None] * amount
        for v in range(1, amount + 1):
            tries = [best[v - c] + 1 for c in coins if c <= v and best[v - c] is not None]
            best[v] = min(tries) if tries else None
        out.append(best[amount] if best[amount] is not None else "impossible")
    return text(out)


# ---- dev, node ----


def query_string(stdin):
    from urllib.parse import parse_qsl
    out = []
    for line in stdin.splitlines():
        values = {}
        for k, v in parse_qsl(line, keep_blank_values=True):
            values.setdefault(k, []).append(v)
        out.append(json.dumps({k: values[k] for k in sorted(values)}, separators=(",", ":"), ensure_ascii=False))
    return text(out)


def json_diff(stdin):
    a, b = map(json.loads, stdin.splitlines())
    out = []
    for k in sorted(set(a) | set(b)):
        if k not in b:
            out.append(f"- {k}")
        elif k not in a:
            out.append(f"+ {k}")
        elif a[k] != b[k]:
            out.append(f"~ {k}")
    return text(out or ["same"])


def clinic(stdin):
    """Who is seen when: doctors free up, the most urgent of those who wait goes first."""
    doctors, *rest = stdin.splitlines()
    people = [(int(t), -int(u), i, name, int(d)) for i, (t, name, u, d) in enumerate(line.split() for line in rest)]
    free = [0] * int(doctors)
    heapq.heapify(free)
    waiting, out, people = [], [], sorted(people, key=lambda p: (p[0], p[2]))
    while people or waiting:
        now = heapq.heappop(free)
        if not waiting and people and people[0][0] > now:
            now = people[0][0]
        while people and people[0][0] <= now:
            t, u, i, name, d = people.pop(0)
            heapq.heappush(waiting, (u, i, name, d))
        _, _, name, d = heapq.heappop(waiting)
        out.append(f"{now} {name}")
        heapq.heappush(free, now + d)
    return text(out)


def columns(stdin):
    rows = [line.split("|") for line in stdin.splitlines()]
    widths = [max(len(c) for c in col) for col in zip(*rows)]
    number = lambda c: re.fullmatch(r"-?\d+", c)
    return text(" ".join(c.rjust(w) if number(c) else c.ljust(w) for c, w in zip(r, widths)).rstrip() for r in rows)


# ---- dev, sh ----


def joined(stdin):
    a, b = [block.split("\n") for block in stdin.strip().split("\n\n")]
    prices = dict(line.split() for line in b)
    out = []
    for line in a:
        item, n = line.split()
        out.append(f"{item} {int(n) * int(prices[item])}" if item in prices else f"{item} unknown")
    return text(sorted(out))


def longest(stdin):
    lines = stdin.splitlines()
    best = max(map(len, lines))
    return text(f"{i} {line}" for i, line in enumerate(lines, 1) if len(line) == best)


def transposed(stdin):
    return text(",".join(c) for c in zip(*(line.split(",") for line in stdin.splitlines())))


def by_hour(stdin):
    counts = {}
    for line in stdin.splitlines():
        stamp, level, *_ = line.split()
        if level in ("ERROR", "FATAL"):
            counts[stamp[:13]] = counts.get(stamp[:13], 0) + 1
    return text(f"{h.replace('T', ' ')}h {n}" for h, n in sorted(counts.items())) if counts else "quiet\n"


LOG = ("10.0.0.7 GET /a 200\n10.0.0.9 GET /b 503\n10.0.0.7 POST /c 500\n10.0.0.9 GET /d 502\n10.0.0.12 GET /e 404\n"
       "10.0.0.4 GET /f 500\n")


def train(ids):
    P = lambda about, language, prompt, model, inputs, code: program(ids, about, language, prompt, model, inputs, code)
    return [
        P("run-lengths", "python", "For each line of the input it writes a line in which every run of one and the same character is "
          "replaced by the length of the run and that character: `aaab` becomes `3a1b`. Digits and spaces are characters as all others.",
          run_lengths, ["aaab\nxyz\n", "wwwwwwwwwwww\n", "a  b\n1112\n", "-\n"], """
import sys
from itertools import groupby

for line in sys.stdin:
    print("".join(f"{len(list(g))}{c}" for c, g in groupby(line.rstrip("\\n"))))
"""),
        P("intervals", "python", "Each input line has two whole numbers a and b (a <= b), the first and last day of a booking. Bookings that "
          "overlap or follow each other without a free day between are one. It writes the merged bookings, one a line as `a b`, sorted.",
          merge_intervals, ["1 3\n7 9\n2 5\n", "10 20\n", "4 6\n1 3\n8 8\n", "1 10\n2 3\n12 12\n4 5\n", "-5 -3\n-2 0\n5 9\n"], """
import sys

spans = sorted(tuple(map(int, line.split())) for line in sys.stdin if line.strip())
out = []
for a, b in spans:
    if out and a <= out[-1][1] + 1:
        out[-1][1] = max(out[-1][1], b)
    else:
        out.append([a, b])
for a, b in out:
    print(a, b)
"""),
        P("top-words", "python", "The first line is a number k; the rest is text. A word is a run of the letters a to z, whatever the case. It "
          "writes the k most frequent words in lower case with their counts, as `the 3`, the most frequent first, those of one count "
          "alphabetically; fewer if there are not so many.",
          top_words, ["2\nThe cat and the dog and the bird.\n", "3\nb a c B\n", "10\nIt's one, two -- one!\n", "1\nz z y y\nx x\n"], """
import re
import sys
from collections import Counter

first, _, rest = sys.stdin.read().partition("\\n")
counts = Counter(re.findall("[a-z]+", rest.lower()))
for word, n in sorted(counts.items(), key=lambda p: (-p[1], p[0]))[:int(first)]:
    print(word, n)
"""),
        P("spiral", "python", "The input is a table of whole numbers, one row a line, separated by spaces. It writes all numbers on one line in "
          "the order of a spiral: the first row from left to right, then down the right side, along the bottom, up the left side, and so on inwards.",
          spiral, ["1 2 3\n4 5 6\n7 8 9\n", "1 2\n3 4\n5 6\n", "7\n", "1 2 3 4\n", "1\n2\n3\n", "1 2 3 4\n5 6 7 8\n9 10 11 12\n"], """
import sys

rows = [line.split() for line in sys.stdin if line.strip()]
out = []
while rows:
    out += rows.pop(0)
    rows = [list(r) for r in zip(*rows)][::-1]
print(*out)
"""),
        P("brackets", "python", "For each input line it checks the brackets ( ) [ ] { }; other characters do not matter. It writes `ok` if they are "
          "paired; else the place (from 1) of the first closing bracket that does not fit, or, if there is none such, of the first opening "
          "bracket that is never closed (of those still open at the end the leftmost).",
          brackets, ["(a[b]{c})\n(]\n", "((x)\n", ")\n", "{[()]}[\n", "a(b{c)d}\n()()(\n"], """
import sys

pairs = {")": "(", "]": "[", "}": "{"}
for line in sys.stdin:
    stack, bad = [], None
    for i, c in enumerate(line.rstrip("\\n"), 1):
        if c in "([{":
            stack.append((c, i))
        elif c in pairs:
            if not stack or stack.pop()[0] != pairs[c]:
                bad = i
                break
    print(bad or (stack[0][1] if stack else "ok"))
"""),
        P("ledger", "python", "Each line is an order to a bank: `open NAME` makes an account with 0 (nothing happens if it is there), `pay NAME N` puts N "
          "into it, `move FROM TO N` moves N from one account to another. A pay to an account that is not there is refused, as is a move if one "
          "of the accounts is not there or the first has too little. At the end it writes each account with its amount, as `anna 30`, sorted by "
          "name, and a last line `refused R` with the number of refused orders.",
          ledger, ["open anna\nopen bob\npay anna 50\nmove anna bob 20\nmove bob anna 70\n", "pay x 5\nopen x\npay x 7\nopen x\n",
                   "open a\nopen b\nopen c\npay c 9\nmove c b 9\nmove b a 4\nmove a d 1\n", "open solo\npay solo 3\nmove solo solo 3\n"], """
import sys

accounts, refused = {}, 0
for line in sys.stdin:
    verb, *args = line.split()
    if verb == "open":
        accounts.setdefault(args[0], 0)
    elif verb == "pay":
        if args[0] in accounts:
            accounts[args[0]] += int(args[1])
        else:
            refused += 1
    else:
        a, b, n = args[0], args[1], int(args[2])
        if a in accounts and b in accounts and accounts[a] >= n:
            accounts[a] -= n
            accounts[b] += n
        else:
            refused += 1
for name in sorted(accounts):
    print(name, accounts[name])
print("refused", refused)
"""),
        P("rising", "python", "The input is a list of whole numbers separated by white space. It writes the length of the longest strictly rising "
          "subsequence (numbers taken in their order, not necessarily neighbours).",
          rising, ["3 1 4 1 5 9 2 6\n", "5 4 3 2 1\n", "1 2 3 4 5 6 7\n", "2 2 2\n", "10 9 2 5 3 7 101 18 4 20 21 19 22\n"], """
import bisect
import sys

best = []
for v in map(int, sys.stdin.read().split()):
    at = bisect.bisect_left(best, v)
    best[at:at + 1] = [v]
print(len(best))
"""),
        P("free-times", "python", "The first line has the opening and closing time of an office, as `09:00 17:00`; each further line the begin and end of "
          "an appointment in that form, in any order; they may overlap and reach beyond the opening times. It writes the free times within the "
          "opening times that are at least 15 minutes long, one a line in that form, in order, or `none`.",
          free_times, ["09:00 17:00\n10:00 11:00\n13:30 14:15\n", "08:00 12:00\n", "08:00 10:00\n07:00 10:30\n",
                       "09:00 12:00\n09:10 10:00\n09:30 10:30\n10:40 11:50\n", "09:00 18:00\n16:00 19:00\n08:00 09:30\n12:00 12:05\n"], """
import sys

minutes = lambda s: int(s[:2]) * 60 + int(s[3:])
clock = lambda m: f"{m // 60:02d}:{m % 60:02d}"
(at, end), *busy = [tuple(map(minutes, line.split())) for line in sys.stdin if line.strip()]
out = []
for a, b in sorted(busy) + [(end, end)]:
    stop = min(a, end)
    if stop - at >= 15:
        out.append(f"{clock(at)} {clock(stop)}")
    at = max(at, b)
print("\\n".join(out) or "none")
"""),
        P("knapsack", "python", "The first line is the weight that a boat can carry; each further line has the weight and the value of a crate, whole numbers. "
          "It writes the largest value that the boat can carry at once, each crate being taken whole or not at all.",
          knapsack, ["10\n5 10\n4 40\n6 30\n3 50\n", "7\n8 100\n", "50\n10 60\n20 100\n30 120\n", "26\n12 24\n7 13\n11 23\n8 15\n9 16\n"], """
import sys

limit, *rest = sys.stdin.read().split("\\n")
best = [0] * (int(limit) + 1)
for line in rest:
    if line.strip():
        w, v = map(int, line.split())
        for c in range(len(best) - 1, w - 1, -1):
            best[c] = max(best[c], best[c - w] + v)
print(best[-1])
"""),
        P("flatten", "node", "The input is one JSON value. It writes each value in it that is no object and no array (an empty object or array counts as a "
          "value), one a line as `path = value`: the path is made of the keys and (from 0) indexes joined by dots, the value is JSON without "
          "spaces. The lines are sorted by path, character by character.",
          flatten, ['{"b": {"x": 1, "y": [true, "two"]}, "a": null}\n', '[{"id": 1}, {"id": 2, "tags": []}]\n',
                    '{"deep": {"er": {"est": {"k": -1.5}}}, "e": {}}\n'], """
const out = [];
const walk = (value, path) => {
  if (value !== null && typeof value === "object" && Object.keys(value).length > 0) {
    for (const key of Object.keys(value)) walk(value[key], [...path, key]);
  } else {
    out.push([path.join("."), JSON.stringify(value)]);
  }
};
walk(JSON.parse(require("fs").readFileSync(0, "utf8")), []);
out.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
for (const [path, value] of out) console.log(`${path} = ${value}`);
"""),
        P("csv-sum", "node", "The input is CSV with a header that has the columns `customer` and `cents` (and perhaps others, in any order). Fields may be "
          "quoted with \", then they may hold commas and doubled quotes, but no line breaks. For each customer it writes the sum of the cents "
          "as an amount, as `Ann: 12.05`, sorted by customer.",
          csv_sum, ['customer,cents\nAnn,250\nBob,75\nAnn,955\n', 'id,cents,customer\n1,100,"Lee, Kim"\n2,5,"Lee, Kim"\n3,20,Zoe\n',
                    'customer,note,cents\n"O""Neil","a ""b"", c",10\nX,,1\n'], """
const parse = (line) => {
  const out = [];
  for (let i = 0; i <= line.length; i++) {
    let field = "";
    if (line[i] === '"') {
      for (i++; line[i] !== '"' || line[i + 1] === '"'; i++) {
        if (line[i] === '"') i++;
        field += line[i];
      }
      i++;
    } else {
      while (i < line.length && line[i] !== ",") field += line[i++];
    }
    out.push(field);
  }
  return out;
};
const [head, ...rows] = require("fs").readFileSync(0, "utf8").split("\\n").filter((l) => l !== "").map(parse);
const who = head.indexOf("customer"), what = head.indexOf("cents");
const sums = new Map();
for (const row of rows) sums.set(row[who], (sums.get(row[who]) ?? 0) + Number(row[what]));
for (const name of [...sums.keys()].sort()) console.log(`${name}: ${(sums.get(name) / 100).toFixed(2)}`);
"""),
        P("wrap", "node", "The first line is a width; the rest is text. It writes the words of the text (separated by any white space) in lines that are as "
          "long as possible but not longer than the width, words separated by one space. A word longer than the width stands on a line of its own.",
          wrap, ["10\nthe quick brown fox jumps\n", "5\na b c d e f\n", "8\nextraordinary is it\n", "20\n  spaced   out\n\ntext here   \n"], """
const [first, ...rest] = require("fs").readFileSync(0, "utf8").split("\\n");
const width = Number(first);
let line = "";
for (const word of rest.join(" ").split(/\\s+/).filter(Boolean)) {
  if (line !== "" && line.length + 1 + word.length > width) {
    console.log(line);
    line = word;
  } else {
    line = line === "" ? word : `${line} ${word}`;
  }
}
console.log(line);
"""),
        P("cache", "node", "It plays a cache that keeps the n entries used last; n is the first line. Each further line is `put KEY VALUE` or `get KEY`; both use "
          "the key. When there is one entry too many the one not used for the longest time goes. For each get it writes the value, or `-`.",
          lru, ["2\nput a 1\nput b 2\nget a\nput c 3\nget b\nget c\n", "1\nput x 9\nput y 8\nget x\nget y\n",
                "3\nput a 1\nput b 2\nput c 3\nput a 4\nput d 5\nget b\nget a\nget c\nget d\n"], """
const [first, ...lines] = require("fs").readFileSync(0, "utf8").trim().split("\\n");
const cache = new Map();
for (const line of lines) {
  const [verb, key, value] = line.split(" ");
  if (verb === "put") {
    cache.delete(key);
    cache.set(key, value);
    if (cache.size > Number(first)) cache.delete(cache.keys().next().value);
  } else if (cache.has(key)) {
    const kept = cache.get(key);
    cache.delete(key);
    cache.set(key, kept);
    console.log(kept);
  } else {
    console.log("-");
  }
}
"""),
        P("template", "node", "The input is lines `name=value`, then a line `---`, then a text. It writes the text with each `{{name}}` replaced by the value of "
          "that name; `{{name|other}}` is replaced by `other` if there is no such name, and `{{name}}` then by a question mark. There may be spaces "
          "behind the opening and, where there is no `|`, before the closing braces. Names are made of letters, digits and underscores.",
          template, ["who=Ada\nn=3\n---\nDear {{who}}, you have {{ n }} letters.\n", "a=x=y\n---\n{{a}} {{b}} {{c|none}}\n{{a|z}}\n",
                     "k=v\n---\nno braces {k} {{ k }}{{k}}\n"], """
const all = require("fs").readFileSync(0, "utf8");
const cut = all.indexOf("---\\n");
const values = new Map(all.slice(0, cut).split("\\n").filter(Boolean).map((l) => [l.slice(0, l.indexOf("=")), l.slice(l.indexOf("=") + 1)]));
process.stdout.write(all.slice(cut + 4).replace(/\\{\\{\\s*(\\w+)(?:\\|([^}]*))?\\s*\\}\\}/g,
  (_, name, other) => values.has(name) ? values.get(name) : other ?? "?"));
"""),
        P("digits", "node", "The input has whole numbers n (0 to 400), separated by white space. For each it writes a line with the sum of the decimal digits of "
          "n factorial.",
          factorial_digits, ["10\n", "0 1 5\n", "100\n27\n", "400\n"], """
for (const n of require("fs").readFileSync(0, "utf8").split(/\\s+/).filter(Boolean)) {
  let product = 1n;
  for (let i = 2n; i <= BigInt(n); i++) product *= i;
  console.log([...String(product)].reduce((sum, d) => sum + Number(d), 0));
}
"""),
        P("extensions", "sh", "Each input line is a path. The extension of a file is what stands behind the last dot of its name (the part behind the last slash); a "
          "name without a dot, or with none but at its start, has the extension `none`. It writes each extension with the number of files, as "
          "`txt 2`, sorted by extension in byte order.",
          extensions, ["a/b.txt\nc.txt\nsrc/main.c\nREADME\n", ".profile\nx.tar.gz\n", "v1.2/notes\nv1.2/old.notes\n.a.b\n"], """
LC_ALL=C
export LC_ALL
awk '{ n = $0; sub(/.*\\//, "", n); e = "none"
	if (substr(n, 2) ~ /\\./) { e = n; sub(/.*\\./, "", e) }
	count[e]++ } END { for (e in count) print e, count[e] }' | sort
"""),
        P("totals", "sh", "Each input line has a word and a whole number. It writes each word with the sum of its numbers, the largest sum first, words of one sum "
          "alphabetically.",
          sums_by_key, ["pear 3\nfig 10\npear 9\n", "b 1\na 1\n", "x -5\ny 0\nx 2\nz 7\ny 7\n"], """
awk '{ sum[$1] += $2 } END { for (k in sum) print k, sum[k] }' | LC_ALL=C sort -k2,2nr -k1,1
"""),
        P("backwards", "sh", "It writes the input's lines in reverse order, and in each line the words in reverse order, separated by single spaces.",
          both_ways, ["one two three\nfour five\n", "single\n", "a  b   c\nd\ne f\n"], """
awk '{ line = ""; for (i = NF; i > 0; i--) line = line (i < NF ? " " : "") $i; all[NR] = line }
END { for (i = NR; i > 0; i--) print all[i] }'
"""),
        P("failures", "sh", "Each input line is of a log: address, method, path, status. For each address with statuses of 500 to 599 it writes their number "
          "and the address, the largest number first, addresses of one number sorted in byte order.",
          addresses, [LOG, "h1 GET / 599\n", LOG + LOG.replace("10.0.0.4", "zeta") + "zeta GET /500 200\n"], """
awk '$4 >= 500 && $4 <= 599 { n[$1]++ } END { for (a in n) print n[a], a }' | LC_ALL=C sort -k1,1nr -k2,2
"""),
        P("repeats", "sh", "It writes, for each run of equal lines that follow each other, the length of the run, one space, and the line.",
          runs_of_lines, ["a\na\nb\na\n", "x y\nx y\nx y\n", "one\n\n\ntwo\n"], """
uniq -c | sed 's/^ *\\([0-9]*\\) /\\1 /'
"""),
    ]


def dev(ids):
    P = lambda about, language, prompt, model, inputs, code: program(ids, about, language, prompt, model, inputs, code)
    return [
        P("calculator", "python", "Each input line is a sum of whole numbers of at most nine digits with + - * / and brackets, spaces anywhere between. * and / bind more strongly, "
          "equal ones from the left; / divides and rounds down (towards minus infinity). It writes the result of each line, or `error` where it "
          "would divide by zero.",
          calculator, ["2 + 3 * 4\n(2+3)*4\n", "100 / 7 / 2\n1 - 2 - 3\n", "8 / (4 - 4)\n7\n", "((15)) - (2 * (3 + 4) - 20) / 4\n"], """
import re
import sys


def value(tokens):
    def atom():
        t = tokens.pop(0)
        if t == "(":
            v = total()
            tokens.pop(0)
            return v
        return int(t)

    def product():
        v = atom()
        while tokens and tokens[0] in "*/":
            v = v * atom() if tokens.pop(0) == "*" else v // atom()
        return v

    def total():
        v = product()
        while tokens and tokens[0] in "+-":
            v = v + product() if tokens.pop(0) == "+" else v - product()
        return v

    return total()


for line in sys.stdin:
    try:
        print(value(re.findall(r"\\d+|[-+*/()]", line)))
    except ZeroDivisionError:
        print("error")
"""),
        P("life", "python", "The first line is a number of steps; the rest is a board of Conway's Game of Life, `#` alive and `.` dead; what is outside the board is dead "
          "and stays so. It writes the board after so many steps.",
          life, ["1\n.....\n..#..\n..#..\n..#..\n.....\n", "3\n##..\n##..\n..##\n..##\n", "4\n.#.....\n..#....\n###....\n.......\n.......\n.......\n",
                 "1\n##\n##\n"], """
import sys

steps, *rows = sys.stdin.read().split()
for _ in range(int(steps)):
    alive = {(r, c) for r, line in enumerate(rows) for c, x in enumerate(line) if x == "#"}
    near = lambda r, c: sum((r + a, c + b) in alive for a in (-1, 0, 1) for b in (-1, 0, 1) if a or b)
    rows = ["".join("#" if near(r, c) == 3 or (r, c) in alive and near(r, c) == 2 else "." for c in range(len(line)))
            for r, line in enumerate(rows)]
print("\\n".join(rows))
"""),
        P("build-order", "python", "Each line is `name: other other...`: name can be built when the others are (there may be none). Names that stand only on the right "
          "need nothing. It writes all names on one line, separated by spaces, in the order in which they are built one by one: always the "
          "alphabetically first of those that can be built. If they cannot all be built it writes `cycle` alone.",
          build_order, ["app: lib util\nlib: core\n", "a: b\nb: c\nc: a\n", "z:\ny: z\nx:\n", "d: a b\nc: a\nb: a\ne: d c\n"], """
import sys

needs = {}
for line in sys.stdin:
    name, _, rest = line.partition(":")
    needs.setdefault(name.strip(), set()).update(rest.split())
    for other in rest.split():
        needs.setdefault(other, set())
out = []
while len(out) < len(needs):
    ready = sorted(n for n in needs if n not in out and needs[n] <= set(out))
    if not ready:
        out = ["cycle"]
        break
    out.append(ready[0])
print(*out)
"""),
        P("maze", "python", "The input is a map: `#` is a wall, `S` the start, `E` the end, `.` free. One step goes up, down, left or right. It writes the smallest number of "
          "steps from S to E, or `no way`.",
          maze, ["S..\n.#.\n..E\n", "S#E\n", "S.#.....\n..#.###.\n..#.#E#.\n....#.#.\n.####.#.\n........\n", "SE\n"], """
import sys
from collections import deque

rows = sys.stdin.read().split()
start = next((r, line.index("S")) for r, line in enumerate(rows) if "S" in line)
far, queue, found = {start: 0}, deque([start]), "no way"
while queue:
    r, c = queue.popleft()
    if rows[r][c] == "E":
        found = far[r, c]
        break
    for p in ((r + 1, c), (r - 1, c), (r, c + 1), (r, c - 1)):
        if 0 <= p[0] < len(rows) and 0 <= p[1] < len(rows[0]) and rows[p[0]][p[1]] != "#" and p not in far:
            far[p] = far[r, c] + 1
            queue.append(p)
print(found)
"""),
        P("ages", "python", "The first line is a date as YYYY-MM-DD; each further line a name and a date of birth. It writes each name with the age in whole years on "
          "that date, as `Eva 31`, in the order of the input. Who is born on 29 February gets older on 1 March in years without that day.",
          ages, ["2030-06-15\nEva 1999-06-15\nJan 1999-06-16\n", "2031-02-28\nLea 2000-02-29\n", "2031-03-01\nLea 2000-02-29\nTim 2031-03-01\n"], """
import sys

lines = sys.stdin.read().split("\\n")
y, m, d = map(int, lines[0].split("-"))
for line in lines[1:]:
    if line.strip():
        name, born = line.split()
        a, b, c = map(int, born.split("-"))
        print(name, y - a - ((m, d) < (b, c)))
"""),
        P("polynomials", "python", "The input is two lines, each with the coefficients of a polynomial, whole numbers, the constant term first. It writes the coefficients of "
          "their product in the same form on one line.",
          polynomials, ["1 1\n1 1\n", "2 0 3\n-1 4\n", "5\n1 2 3\n", "1 -1 1 -1\n1 1\n"], """
import sys

a, b = [list(map(int, line.split())) for line in sys.stdin.read().strip().split("\\n")]
out = [0] * (len(a) + len(b) - 1)
for i, x in enumerate(a):
    for k, y in enumerate(b):
        out[i + k] += x * y
print(*out)
"""),
        P("coins", "python", "The first line has the values of coins, of each of which there are as many as are needed; each further line is an amount. For each amount it writes "
          "the smallest number of coins that make it up exactly, or `impossible`.",
          change, ["1 5 10 25\n41\n30\n", "4 6 9\n7\n11\n8\n18\n", "1 7 10\n14\n0\n21\n"], """
import sys

first, *amounts = sys.stdin.read().strip().split("\\n")
coins = list(map(int, first.split()))
for amount in map(int, amounts):
    best = [0]
    for v in range(1, amount + 1):
        best.append(min((best[v - c] + 1 for c in coins if c <= v), default=float("inf")))
    print(best[amount] if best[amount] < float("inf") else "impossible")
"""),
        P("query-string", "node", "Each input line is a query string, as `a=1&b=x%20y&a=2`; + and %20 are spaces, other escapes are of UTF-8. For each it writes a line of JSON without "
          "spaces: an object with the names in sorted order, each with the array of its values in the order of the line.",
          query_string, ["a=1&b=x%20y&a=2\n", "q=caf%C3%A9+noir&empty=\n", "z=1&y=2&x=%26%3D\nn=%22q%22\n"], """
for (const line of require("fs").readFileSync(0, "utf8").split("\\n").filter(Boolean)) {
  const values = new Map();
  for (const [k, v] of new URLSearchParams(line)) values.set(k, [...(values.get(k) ?? []), v]);
  const body = [...values.keys()].sort().map((k) => `${JSON.stringify(k)}:${JSON.stringify(values.get(k))}`);
  console.log(`{${body.join(",")}}`);
}
"""),
        P("differences", "node", "The input is two lines, each a JSON object: before and after. For each key, sorted, it writes `+ key` if it is new, `- key` if it is gone, `~ key` if "
          "its value changed (values are compared deeply; the order of keys in objects does not matter), and nothing if not. If nothing at all changed it writes `same`.",
          json_diff, ['{"a": 1, "b": 2}\n{"b": 3, "c": 4}\n', '{"x": {"p": [1, 2], "q": null}}\n{"x": {"q": null, "p": [1, 2]}}\n',
                      '{"k": [1, 2], "m": "1"}\n{"k": [2, 1], "m": 1}\n', '{"a": {}, "z": 0}\n{"a": [], "z": 0, "y": null}\n'], """
const [a, b] = require("fs").readFileSync(0, "utf8").split("\\n").filter(Boolean).map((l) => JSON.parse(l));
const canon = (v) => Array.isArray(v) ? v.map(canon)
  : v !== null && typeof v === "object" ? { o: Object.keys(v).sort().map((k) => [k, canon(v[k])]) } : v;
const out = [];
for (const k of [...new Set([...Object.keys(a), ...Object.keys(b)])].sort()) {
  if (!Object.hasOwn(b, k)) out.push(`- ${k}`);
  else if (!Object.hasOwn(a, k)) out.push(`+ ${k}`);
  else if (JSON.stringify(canon(a[k])) !== JSON.stringify(canon(b[k]))) out.push(`~ ${k}`);
}
console.log(out.join("\\n") || "same");
"""),
        P("clinic", "node", "The first line is the number of doctors. Each further line is `minute name urgency length`, in order of the minute in which that person comes in (whole "
          "numbers). Whenever a doctor is free and somebody waits, the one with the highest urgency is seen, of equal ones the one on the earlier line, and the doctor is busy for "
          "`length` minutes. Whoever comes in a minute already waits when a doctor gets free in it. For each person it writes `minute name` with the minute in "
          "which the person is seen, in the order in which they are seen (within one minute in the order in which they are chosen).",
          clinic, ["1\n0 ann 1 10\n2 bob 1 5\n3 eve 5 5\n", "2\n0 a 1 4\n0 b 2 4\n1 c 1 4\n1 d 9 4\n", "1\n5 x 1 5\n10 y 1 1\n10 z 2 1\n30 w 1 1\n"], """
const [first, ...lines] = require("fs").readFileSync(0, "utf8").trim().split("\\n");
const people = lines.map((l, i) => { const [t, name, u, d] = l.split(" "); return { t: +t, name, u: +u, d: +d, i }; });
const free = new Array(Number(first)).fill(0), waiting = [];
while (people.length > 0 || waiting.length > 0) {
  free.sort((a, b) => a - b);
  let now = free.shift();
  if (waiting.length === 0 && people[0].t > now) now = people[0].t;
  while (people.length > 0 && people[0].t <= now) waiting.push(people.shift());
  waiting.sort((a, b) => b.u - a.u || a.i - b.i);
  const next = waiting.shift();
  console.log(`${now} ${next.name}`);
  free.push(now + next.d);
}
"""),
        P("columns", "node", "Each input line has the same number of fields, separated by `|`. It writes them as a table: each column as wide as its longest field, columns separated by one "
          "space, whole numbers (with or without a minus sign) on the right of their column, all else on the left, no spaces at the end of a line.",
          columns, ["name|n\npear|12\nfig|3\n", "a|bb|ccc\n-10|x|5\n1|yyyy|\n", "one\n"], """
const rows = require("fs").readFileSync(0, "utf8").split("\\n").filter((l) => l !== "").map((l) => l.split("|"));
const widths = rows[0].map((_, i) => Math.max(...rows.map((r) => r[i].length)));
for (const r of rows)
  console.log(r.map((c, i) => /^-?\\d+$/.test(c) ? c.padStart(widths[i]) : c.padEnd(widths[i])).join(" ").replace(/ +$/, ""));
"""),
        P("prices", "sh", "The input has two parts with an empty line between: lines `item count`, then lines `item price` (whole numbers). For each line of the first part it writes `item "
          "total`, count times price, or `item unknown` if the item has no price, the lines sorted in byte order.",
          joined, ["pen 3\ncup 2\n\ncup 40\npen 15\n", "hat 1\n\nbag 5\n", "b 2\na 7\nc 1\n\na 3\nc 9\nb 0\n"], """
awk 'NF == 0 { second = 1; next } !second { n++; item[n] = $1; count[n] = $2; next } { price[$1] = $2 }
END { for (i = 1; i <= n; i++) print item[i], (item[i] in price ? count[i] * price[item[i]] : "unknown") }' | LC_ALL=C sort
"""),
        P("longest", "sh", "It writes each longest line of the input (there may be several of that length) behind its number and a space, in order. Lines hold ASCII characters only.",
          longest, ["ab\nabcd\nabc\nwxyz\n", "one line\n", "a\n\nb\n", "  x\nyyy\n"], """
awk '{ line[NR] = $0; if (length($0) > best) best = length($0) }
END { for (i = 1; i <= NR; i++) if (length(line[i]) == best) print i " " line[i] }'
"""),
        P("transpose", "sh", "The input is a table with fields separated by commas, as many in each line. It writes the table with lines and columns swapped.",
          transposed, ["a,b,c\nd,e,f\n", "1,2\n", "x\ny\nz\n", "p,,q\nr,s,\n"], """
awk -F, '{ for (i = 1; i <= NF; i++) out[i] = (NR > 1 ? out[i] "," : "") $i; if (NF > width) width = NF }
END { for (i = 1; i <= width; i++) print out[i] }'
"""),
        P("by-hour", "sh", "Each input line begins with a time as `2031-05-04T17:20:33` and a level. It writes for each hour in which there are lines of level ERROR or FATAL their number, as "
          "`2031-05-04 17h 2`, in order of time, or `quiet` if there is none.",
          by_hour, ["2031-05-04T17:20:33 ERROR disk full\n2031-05-04T17:59:00 FATAL stop\n2031-05-04T18:00:00 INFO ERROR\n", "2031-05-04T00:00:00 WARN x\n",
                    "2031-05-05T01:00:00 ERROR b\n2031-05-04T23:10:00 ERROR a\n2031-05-05T01:30:00 ERROR c\n"], """
awk '$2 == "ERROR" || $2 == "FATAL" { hour = substr($1, 1, 10) " " substr($1, 12, 2) "h"; n[hour]++ }
END { for (h in n) print h, n[h] }' | LC_ALL=C sort | awk '{ print } END { if (NR == 0) print "quiet" }'
"""),
    ]
