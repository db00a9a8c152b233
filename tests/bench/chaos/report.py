"""report.py - what was seen: a line for each fault, and the table of docs/chaos.md."""
import statistics


def seconds(values, how):
    return f"{how(values):.1f} s" if values else "-"


class Report:
    def __init__(self, seed, rules):
        self.rules = rules  # (name, what it means)
        self.seed, self.rows, self.rests, self.notes = seed, [], [], []

    def add(self, number, name, took, wrong):
        """took: to the steady state; None: it was not reached in time."""
        self.rows.append((number, name, took, wrong))

    def rest(self, number, levels, wrong):
        self.rests.append((number, levels, wrong))

    @property
    def bad_rests(self):
        return [row for row in self.rests if row[2]]

    @property
    def failed(self):
        return [row for row in self.rows if row[2] is None or row[3]]

    def table(self):
        lines = ["| fault | times | recovered | median | worst |", "|---|---|---|---|---|"]
        for name in sorted({row[1] for row in self.rows}):
            mine = [row for row in self.rows if row[1] == name]
            took = [row[2] for row in mine if row[2] is not None]
            good = [row for row in mine if row[2] is not None and not row[3]]
            lines.append(f"| {name} | {len(mine)} | {len(good)} | {seconds(took, statistics.median)} | {seconds(took, max)} |")
        took = [row[2] for row in self.rows if row[2] is not None]
        lines.append(f"| **all** | {len(self.rows)} | {len(self.rows) - len(self.failed)} | {seconds(took, statistics.median)} | {seconds(took, max)} |")
        return lines

    def at_rest(self, out):
        """Descriptors, threads and MiB of the daemons without a client: the first time and the last."""
        if not self.rests:
            return
        print("\n| at rest | descriptors, threads, MiB after the first faults | after the last |\n|---|---|---|", file=out)
        first, last = self.rests[0][1], self.rests[-1][1]
        for name, has in first.items():
            show = [", ".join(map(str, x)) if isinstance(x, tuple) else str(x) for x in (has, last.get(name, "-"))]
            print(f"| {name} | {show[0]} | {show[1]} |", file=out)

    def write(self, path, ledger, spent, limit, whole):
        with open(path, "w", encoding="utf-8") as out:
            print("# Chaos\n\nWritten by `make chaos`; do not edit. What it does is said at the head of its script, tests/bench/chaos.sh.\n", file=out)
            print(f"{len(self.rows)} faults with seed {self.seed}, in {spent / 60:.0f} minutes"
                  f"{'' if whole else ', so far'}, one after another on a Janus at work; {len(self.failed)} not recovered from, {len(self.bad_rests)} bad"
                  f" looks at rest. *Recovered* is: {limit} s after the fault's end at most, readyz says 200, every competitor is ready and answers,"
                  " an agent's task is done where its way was cut; and all of the list below holds.\n", file=out)
            print("\n".join(self.table()), file=out)
            print("\nWhat must hold, and was looked at after each:\n\n| | |\n|---|---|", file=out)
            for name, what in self.rules:
                print(f"| {name} | {what} |", file=out)
            self.at_rest(out)
            if self.failed or self.bad_rests:
                print("\n| number | fault | what was seen |\n|---|---|---|", file=out)
                for number, name, took, wrong in self.failed:
                    what = "; ".join(wrong[:3]) if wrong else f"not steady within {limit} s"
                    print(f"| {number} | {name} | {what.replace('|', '/')[:300]} |", file=out)
                for number, _, wrong in self.bad_rests:
                    print(f"| {number} | at rest | {'; '.join(wrong[:3]).replace('|', '/')[:300]} |", file=out)
            print("\nWhat clients saw meanwhile:\n\n| client | end | times |\n|---|---|---|", file=out)
            for key, n in sorted(ledger.counts.items(), key=lambda kv: (kv[0].split(":")[0], -kv[1])):
                who, _, how = key.partition(": ")
                print(f"| {who} | `{how}` | {n} |", file=out)
            for note in self.notes:
                print(f"\n{note}", file=out)
