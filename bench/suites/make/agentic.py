"""Longer tasks whose result is one or more files."""

import csv
import datetime
import io
import json

from .common import money

TASK = "agentic"
MIME = {"csv": "text/csv", "json": "application/json", "md": "text/markdown", "html": "text/html", "ics": "text/calendar", "sql": "application/sql", "txt": "text/plain"}


def to_csv(header, rows):
    out = io.StringIO()
    w = csv.writer(out, lineterminator="\n")
    w.writerow(header)
    w.writerows(rows)
    return out.getvalue()


def mime(name):
    return MIME[name.rsplit(".", 1)[1]]


def deliver(ids, about, prompt, files, checks, seconds=300):
    """files: name to text, the reference's; checks: name to what the scorer looks for."""
    assert set(files) == set(checks)
    names = list(files)
    said = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    return {"id": ids(TASK, about), "task_type": TASK, "modality": "file_out",
            "prompt": f"{prompt.strip()}\n\nDeliver the result as {'files' if len(names) > 1 else 'a file'} attached to your answer ({'artifacts' if len(names) > 1 else 'an artifact'}), named {said}; "
                      "attach nothing else. In the text one sentence will do.",
            "timeout_seconds": seconds,
            "scorer": {"kind": "files", "files": [{"mime": mime(n), "name": n, **checks[n]} for n in names]},
            "reference": {"text": f"Here is {said}.", "files": [{"name": n, "mime_type": mime(n), "text": files[n]} for n in names]}}


def table(ids, about, prompt, name, header, rows, numbers):
    """One CSV: its header, every cell, and the sums of some columns."""
    cells = [{"row": r, "column": header[c], "value": str(v)} for r, row in enumerate(rows, 1) for c, v in enumerate(row)]
    sums = {n: round(sum(float(row[header.index(n)]) for row in rows), 2) for n in numbers}
    return deliver(ids, about, f"{prompt.strip()} The file is CSV with the header `{','.join(header)}`.", {name: to_csv(header, rows)},
                   {name: {"csv": {"header": header, "rows": len(rows), "sum": sums, "cells": cells}}})


def trips(ids, place, notes, rows):
    """Notes in words to rows."""
    return table(ids, "notes", f"Make a table of the trips in these notes of a driver of {place}, one row a trip in the order of the notes:\n\n{notes.strip()}\n\nThe date is written as YYYY-MM-DD, km and "
                 "litres are numbers without a unit, and a trip without fuel has 0 litres.", "trips.csv", ["date", "from", "to", "km", "litres"], rows, ["km", "litres"])


def orders_to_rows(ids, orders):
    rows = [(o["id"], o["buyer"]["name"], line["sku"], line["n"], money(line["n"] * line["cents"])) for o in orders for line in o["lines"]]
    rows.sort(key=lambda r: (r[1], r[2]))
    return table(ids, "orders", "Turn these orders into a table with one row for each line of an order:\n\n" + json.dumps(orders, indent=1) + "\n\n`total` is n times the price, which stands in cents, "
                 "written in whole units with two decimals. Sort by buyer and then by sku.", "lines.csv", ["order", "buyer", "sku", "n", "total"], rows, ["n", "total"])


def regions(ids, header, rows, title):
    """A Markdown report with totals a group."""
    sums = {}
    for r in rows:
        sums.setdefault(r[0], []).append(r[2])
    best = max(sums, key=lambda k: sum(sums[k]))
    body = [f"# {title}", "", f"| {header[0]} | entries | total |", "|---|---|---|"]
    body += [f"| {k} | {len(v)} | {sum(v)} |" for k, v in sorted(sums.items())]
    body += ["", f"Total: {sum(map(sum, sums.values()))}", f"Highest: {best}"]
    return deliver(ids, "report", f"Write a report in Markdown on these data:\n\n{to_csv(header, rows)}\nIt begins with the heading `# {title}`, has a table with the header `| {header[0]} | entries | total |` "
                   f"and one row in the form `| name | 2 | 30 |` for each {header[0]}, alphabetically (how many rows of the data there are, and the sum of their {header[2]}), and ends with the two lines "
                   f"`Total: N` (of everything) and `Highest: NAME` (the {header[0]} with the highest total).",
                   {"report.md": "\n".join(body) + "\n"}, {"report.md": {"contains": [line for line in body if line], "max_bytes": 8000}})


def log_summary(ids, lines):
    levels, slow, users = {}, ("", -1), set()
    for line in lines:
        stamp, level, user, path, ms = line.split()
        levels[level] = levels.get(level, 0) + 1
        users.add(user)
        if int(ms) > slow[1]:
            slow = (path, int(ms))
    total = sum(int(line.split()[4]) for line in lines)
    out = {"lines": len(lines), "levels": levels, "users": sorted(users), "slowest": {"path": slow[0], "ms": slow[1]}, "total_ms": total,
           "first": lines[0].split()[0], "last": lines[-1].split()[0]}
    wanted = {"lines": len(lines), "slowest.path": slow[0], "slowest.ms": slow[1], "total_ms": total, "first": out["first"], "last": out["last"],
              **{f"levels.{k}": v for k, v in levels.items()}, **{f"users.{i}": u for i, u in enumerate(out["users"])}}
    return deliver(ids, "log", "Summarise this log; each line has a time, a level, a user, a path and milliseconds:\n\n" + "\n".join(lines) + "\n\nThe file is a JSON object with `lines` (how many), `levels` (an object "
                   "with the number of lines of each level that occurs), `users` (their names, each once, sorted), `slowest` (`path` and `ms` of the line with the most milliseconds), `total_ms`, `first` and `last` (the "
                   "times of the first and last line).", {"summary.json": json.dumps(out, indent=1) + "\n"}, {"summary.json": {"json": wanted}})


def split(ids, people, key, names):
    """One list to several files."""
    files = {n: "".join(f"{p['name']}: {p['mail']}\n" for p in sorted(people, key=lambda p: p["name"]) if p[key] == g) for g, n in names.items()}
    said = "\n".join(f"{p['name']}, {p[key]}, {p['mail']}" for p in people)
    which = "; ".join(f"those of {g} into {n}" for g, n in names.items())
    return deliver(ids, "split", f"Here are people, each with {key} and address:\n\n{said}\n\nPut them into text files by {key}: {which}. Each has a line `NAME: ADDRESS` for each person, sorted by name.",
                   files, {n: {"contains": [text.strip()], "max_bytes": len(text) + 2} for n, text in files.items()})


def page(ids, title, rows):
    cells = ["<h1>" + title + "</h1>"] + [f"<tr><td>{a}</td><td>{b}</td></tr>" for a, b in rows] + [f"<tr><th>total</th><th>{sum(b for _, b in rows)}</th></tr>"]
    html = "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>" + title + "</title></head>\n<body>\n" + cells[0] + "\n<table>\n" + "\n".join(cells[1:]) + "\n</table>\n</body>\n</html>\n"
    return deliver(ids, "page", f"Make a complete HTML page with the title and heading (h1) \"{title}\" and a table with these entries, the largest number first: " + ", ".join(f"{a} {b}" for a, b in sorted(rows)) +
                   ". Each row stands on a line of its own and is exactly like `<tr><td>name</td><td>12</td></tr>`; the last row is `<tr><th>total</th><th>N</th></tr>` with the sum.",
                   {"page.html": html}, {"page.html": {"contains": ["<!DOCTYPE html>", f"<title>{title}</title>", cells[0], "\n".join(cells[1:])], "max_bytes": 8000}})


def merge(ids, what, left, right, about):
    """Two tables by their key; what has no partner is told apart."""
    prices = dict(right)
    rows = [(k, n, prices[k], n * prices[k]) for k, n in sorted(left) if k in prices]
    alone = sorted([k for k, _ in left if k not in prices] + [k for k, _ in right if k not in dict(left)])
    text = "".join(f"{k}\n" for k in alone)
    files = {"merged.csv": to_csv(["item", "count", "price", "value"], rows), "unmatched.txt": text}
    cells = [{"row": r, "column": c, "value": str(v)} for r, row in enumerate(rows, 1) for c, v in zip(["item", "count", "price", "value"], row)]
    return deliver(ids, about, f"Two lists of {what} are to be merged.\n\nCounts:\n{to_csv(['item', 'count'], left)}\nPrices:\n{to_csv(['item', 'price'], right)}\nmerged.csv has the header `item,count,price,value` and a row for "
                   "each item that is in both lists, sorted by item; value is count times price. unmatched.txt has the items that are in only one of the lists, sorted, one a line.",
                   files, {"merged.csv": {"csv": {"header": ["item", "count", "price", "value"], "rows": len(rows), "sum": {"value": sum(r[3] for r in rows)}, "cells": cells}},
                           "unmatched.txt": {"contains": [text.strip()], "max_bytes": len(text) + 2}})


def script(ids, name, code, header, intro):
    """Within reach of who can run code: the program makes the file."""
    room = {}
    fake = lambda path, mode="r": room.setdefault(path, _Kept())
    exec(code, {"open": fake})  # noqa: S102 - our own text
    text = room[f"artifacts/{name}"].getvalue()
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == header
    cells = [{"row": r, "column": c, "value": v} for r, row in enumerate(rows[1:], 1) if r % 5 == 1 for c, v in zip(header, row)]
    item = deliver(ids, "script", f"{intro} Please run it: it writes its table to artifacts/{name}, and that is the file I want.\n\n```python\n{code.strip()}\n```", {name: text},
                   {name: {"csv": {"header": header, "rows": len(rows) - 1, "cells": cells}}})
    return item


class _Kept(io.StringIO):
    def close(self):
        pass

    def __exit__(self, *_):
        pass


def balance(ids, start, moves, about):
    rows, at = [], start
    for d, what, cents in sorted(moves):
        at += cents
        rows.append((d, what, f"{cents / 100:.2f}", f"{at / 100:.2f}"))
    given = "\n".join(f"{d}  {what}  {cents / 100:+.2f}" for d, what, cents in moves)
    return table(ids, about, f"An account holds {money(start)} at the beginning. These are its movements, not in order:\n\n{given}\n\nMake a statement with one row a movement in the order of the dates; `amount` is negative for what goes "
                 "out, `balance` is what the account holds after it; both with two decimals and without a plus sign.", "statement.csv", ["date", "what", "amount", "balance"], rows, ["amount"])


def plan(ids, tasks, begin, what):
    """tasks: name -> (days, needs). All days are working days; as early as possible."""
    ends, rows = {}, []

    def end(n):
        if n not in ends:
            days, needs = tasks[n]
            start = max([end(m) + datetime.timedelta(1) for m in needs], default=begin)
            ends[n] = start + datetime.timedelta(days - 1)
            rows.append((n, start.isoformat(), ends[n].isoformat(), days))
        return ends[n]
    for n in tasks:
        end(n)
    rows.sort(key=lambda r: (r[1], r[0]))
    said = "\n".join(f"- {n}: {d} day{'s' * (d > 1)}" + (f", after {' and '.join(needs)}" if needs else "") for n, (d, needs) in tasks.items())
    return table(ids, "plan", f"Plan {what}. It begins on {begin.isoformat()}, every day is a working day, any number of tasks may run at once, and each begins as early as it can: on the first day if it needs nothing, else on the "
                 f"day after the last of those it needs has ended.\n\n{said}\n\n`start` and `end` are the first and the last day of a task as YYYY-MM-DD. Sort by start, then by task.", "plan.csv", ["task", "start", "end", "days"], rows, ["days"])


def calendar(ids, events):
    text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//plan//EN\r\n"
    wanted = ["BEGIN:VCALENDAR", "END:VCALENDAR"]
    for i, (d, a, b, what, where) in enumerate(events, 1):
        lines = [f"DTSTART:{d.replace('-', '')}T{a.replace(':', '')}00", f"DTEND:{d.replace('-', '')}T{b.replace(':', '')}00", f"SUMMARY:{what}", f"LOCATION:{where}"]
        wanted += lines
        text += "\r\n".join(["BEGIN:VEVENT", f"UID:{i}@plan.example", "DTSTAMP:20310101T000000Z", *lines, "END:VEVENT", ""])
    text += "END:VCALENDAR\r\n"
    said = "\n".join(f"- {what}, {d}, from {a} to {b}, in {where}" for d, a, b, what, where in events)
    return deliver(ids, "calendar", f"Make an iCalendar file of these events:\n\n{said}\n\nTimes are local without a zone (in the form `DTSTART:20310503T090000`); each event has DTSTART, DTEND, SUMMARY (its name as it stands here) and LOCATION.",
                   {"plan.ics": text}, {"plan.ics": {"contains": wanted, "max_bytes": 16000}})


def inserts(ids, name, header, rows):
    quote = lambda v: str(v) if isinstance(v, int) else "'" + v.replace("'", "''") + "'"
    lines = [f"INSERT INTO {name} ({', '.join(header)}) VALUES ({', '.join(map(quote, r))});" for r in rows]
    return deliver(ids, "sql", f"Write the SQL that puts these data into the table {name}, one statement a line, in the order of the data:\n\n{to_csv(header, rows)}\nEach line is exactly like `INSERT INTO t (a, b) VALUES (1, 'x');`: "
                   "numbers as they are, texts in single quotes, a single quote in a text doubled.", {"data.sql": "\n".join(lines) + "\n"}, {"data.sql": {"contains": lines, "max_bytes": 8000}})


SCRIPT_TRAIN = """
import csv

rows, n = [], 1
for month in range(1, 25):
    n = (n * 37 + 11) % 101
    rows.append((month, n, n * n % 17))
with open("artifacts/months.csv", "w") as f:
    w = csv.writer(f, lineterminator="\\n")
    w.writerow(["month", "level", "phase"])
    w.writerows(rows)
"""
SCRIPT_DEV = """
import csv

height, speed = 1200, 0
with open("artifacts/fall.csv", "w") as f:
    w = csv.writer(f, lineterminator="\\n")
    w.writerow(["second", "height", "speed"])
    for second in range(30):
        w.writerow([second, height, speed])
        speed = min(speed + 10, 44)
        height -= speed
"""


def train(ids):
    return [
        trips(ids, "a dairy", """
On 3 March 2031 I drove 42 km from Klatovy to Susice, without filling up. The day after, from Susice to Vimperk, that was 38 km, and I filled 31 litres there. On the 7th I went from Vimperk
back to Klatovy, 71 km; before leaving I put in 12.5 litres. On 1 April there was only the short way from Klatovy to Janovice, 9 km.
""", [("2031-03-03", "Klatovy", "Susice", 42, 0), ("2031-03-04", "Susice", "Vimperk", 38, 31), ("2031-03-07", "Vimperk", "Klatovy", 71, 12.5), ("2031-04-01", "Klatovy", "Janovice", 9, 0)]),
        trips(ids, "a museum", """
Last day of October 2032: Graz to Leoben, 68 km, 20 litres. First of November: from there on to Judenburg, 47 km, nothing filled. Three days later Judenburg to Graz; the way over the pass was closed so it
became 121 km, and 33.4 litres went in.
""", [("2032-10-31", "Graz", "Leoben", 68, 20), ("2032-11-01", "Leoben", "Judenburg", 47, 0), ("2032-11-04", "Judenburg", "Graz", 121, 33.4)]),
        orders_to_rows(ids, [
            {"id": 71, "buyer": {"name": "Moss", "town": "Ely"}, "lines": [{"sku": "nail-40", "n": 200, "cents": 4}, {"sku": "glue", "n": 3, "cents": 385}]},
            {"id": 72, "buyer": {"name": "Adler", "town": "Jena"}, "lines": [{"sku": "saw", "n": 1, "cents": 2490}]},
            {"id": 75, "buyer": {"name": "Moss", "town": "Ely"}, "lines": [{"sku": "drill-8", "n": 5, "cents": 219}, {"sku": "bolt-6", "n": 48, "cents": 17}]}]),
        regions(ids, ["region", "month", "tons"], [("north", 1, 41), ("south", 1, 77), ("north", 2, 39), ("west", 2, 60), ("south", 3, 12), ("west", 3, 58), ("north", 3, 45)], "Harvest by region"),
        log_summary(ids, ["08:00:12 INFO mara /start 31", "08:00:19 WARN olek /list 412", "08:01:02 INFO mara /list 388", "08:03:47 ERROR teo /save 1904", "08:03:50 INFO teo /save 77", "08:09:00 INFO olek /end 12",
                          "08:09:31 WARN mara /list 640"]),
        split(ids, [{"name": "Tomas", "team": "red", "mail": "tomas@a.example"}, {"name": "Alba", "team": "blue", "mail": "alba@b.example"}, {"name": "Jiri", "team": "green", "mail": "jiri@c.example"},
                    {"name": "Edda", "team": "red", "mail": "edda@d.example"}, {"name": "Sven", "team": "blue", "mail": "sven@e.example"}], "team", {"red": "red.txt", "blue": "blue.txt", "green": "green.txt"}),
        page(ids, "Votes for the fountain", [("granite", 88), ("bronze", 61), ("glass", 40), ("none", 7)]),
        merge(ids, "tools", [("vice", 4), ("plane", 7), ("rasp", 12), ("chisel", 9)], [("chisel", 14), ("vice", 65), ("square", 22), ("plane", 48)], "merge"),
        script(ids, "months.csv", SCRIPT_TRAIN, ["month", "level", "phase"], "This program makes a table."),
        inserts(ids, "ships", ["id", "name", "built"], [(1, "L'Etoile", 1931), (2, "Maria", 1947), (3, "Queen's Own", 1902), (4, "Rask", 1988)]),
        balance(ids, 50000, [("2031-01-19", "rent", -32000), ("2031-01-03", "wages", 185050), ("2031-01-28", "shoes", -7995), ("2031-01-08", "refund", 1240)], "statement"),
        plan(ids, {"survey": (3, []), "walls": (8, ["survey"]), "roof": (5, ["walls"]), "pipes": (4, ["survey"]), "paint": (3, ["roof", "pipes"])}, datetime.date(2031, 2, 24), "the building of a shed"),
    ]


def dev(ids):
    return [
        trips(ids, "an orchard", """
On 27 February 2033 I took the apples from Bolzano to Merano, 29 km, no fuel. On the last day of that month it was Merano to Bressanone, 71 km, with 26 litres. The next day Bressanone to Trento, 101 km, again no
fuel, and on the third of March home from Trento to Bolzano, 58 km, filling up 40.8 litres.
""", [("2033-02-27", "Bolzano", "Merano", 29, 0), ("2033-02-28", "Merano", "Bressanone", 71, 26), ("2033-03-01", "Bressanone", "Trento", 101, 0), ("2033-03-03", "Trento", "Bolzano", 58, 40.8)]),
        orders_to_rows(ids, [
            {"id": "B-9", "buyer": {"name": "Lund"}, "lines": [{"sku": "wick", "n": 60, "cents": 12}, {"sku": "wax", "n": 4, "cents": 1105}]},
            {"id": "B-12", "buyer": {"name": "Ferro"}, "lines": [{"sku": "tin", "n": 75, "cents": 38}, {"sku": "dye", "n": 2, "cents": 649}, {"sku": "lid", "n": 75, "cents": 9}]}]),
        regions(ids, ["line", "week", "riders"], [("tram 4", 1, 3120), ("bus 31", 1, 870), ("tram 9", 1, 2905), ("bus 31", 2, 914), ("tram 4", 2, 2987), ("tram 9", 2, 3342)], "Riders by line"),
        log_summary(ids, ["22:14:00 INFO yara /map 120", "22:14:08 INFO finn /map 98", "22:15:31 ERROR yara /route 2711", "22:15:33 ERROR yara /route 2650", "22:40:10 DEBUG cron /clean 5", "23:01:59 INFO finn /route 733"]),
        split(ids, [{"name": "Pia", "shift": "night", "mail": "pia@n.example"}, {"name": "Cem", "shift": "day", "mail": "cem@n.example"}, {"name": "Ugo", "shift": "day", "mail": "ugo@n.example"},
                    {"name": "Ann", "shift": "night", "mail": "ann@n.example"}, {"name": "Bo", "shift": "day", "mail": "bo@n.example"}], "shift", {"day": "day.txt", "night": "night.txt"}),
        merge(ids, "seeds", [("dill", 40), ("leek", 15), ("kale", 22), ("chard", 8), ("sorrel", 5)], [("kale", 3), ("dill", 2), ("basil", 4), ("chard", 6), ("leek", 5)], "merge"),
        script(ids, "fall.csv", SCRIPT_DEV, ["second", "height", "speed"], "Here is a small simulation."),
        plan(ids, {"permit": (10, []), "dig": (2, ["permit"]), "order pump": (6, []), "lay pipe": (4, ["dig"]), "set pump": (1, ["lay pipe", "order pump"]), "test": (2, ["set pump"])}, datetime.date(2032, 2, 20),
             "the digging of a well"),
        calendar(ids, [("2031-05-03", "09:00", "10:30", "Opening of the dam", "Lower gate"), ("2031-05-03", "13:15", "14:00", "Walk along the wall", "Visitor centre"), ("2031-05-04", "19:30", "22:00", "Concert", "Turbine hall")]),
    ]
