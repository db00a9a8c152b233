"""Short questions: sums in words, puzzles, dates, transformations, facts that stay."""

import datetime
import itertools
import math
from fractions import Fraction

from .common import answer_scorer, answered, money, only

TASK = "chat"


def receipt(ids, shop, lines, percent, note):
    total = sum(n * cents for n, _, cents in lines)
    off = total * percent // 100
    assert total * percent % 100 == 0
    change = note * 100 - (total - off)
    said = "; ".join(f"{n} {what} at {money(cents)} each" for n, what, cents in lines)
    return answered(ids(TASK, "receipt"), TASK,
                    f"At {shop} I bought {said}. The whole bill is reduced by {percent} percent. "
                    f"I pay with a {note} note. How much change do I get?",
                    "the amount with two decimals",
                    [money(change)],
                    f"The goods cost {money(total)}, less {money(off)} makes {money(total - off)}.")


def meeting(ids, a, b, km, start, va, vb, later):
    """Two vehicles towards each other, the second leaves `later` minutes after the first."""
    left = km - Fraction(va * later, 60)
    minutes = later + left / (va + vb) * 60
    assert minutes.denominator == 1 and left > 0
    at = start + int(minutes)
    began, second = start, start + later
    clock = lambda m: f"{m // 60:02d}:{m % 60:02d}"
    return answered(ids(TASK, "meeting"), TASK,
                    f"The road from {a} to {b} is {km} km long. A lorry leaves {a} for {b} at {clock(began)} and "
                    f"drives {va} km/h all the way. A car leaves {b} for {a} at {clock(second)} and drives {vb} km/h. "
                    "At what time do they meet?",
                    "the time as HH:MM", clock(at),
                    f"When the car leaves, {left} km are between them; they close it at {va + vb} km/h.")


def order(ids, names, rules, what):
    """rules: (text, function of a dict name -> place from 1)."""
    fits = []
    for line in itertools.permutations(names):
        place = {n: i + 1 for i, n in enumerate(line)}
        if all(rule(place) for _, rule in rules):
            fits.append(line)
    line = only(fits)
    text = " ".join(t for t, _ in rules)
    return answered(ids(TASK, "order"), TASK,
                    f"{what} {', '.join(sorted(names))}. {text} In which order do they stand, from the first to the last?",
                    "the names in that order, with commas between them", ", ".join(line))


def knights(ids, statements, place):
    """statements: {name: (text, function of a dict name -> truthful)}."""
    names = sorted(statements)
    fits = []
    for values in itertools.product([True, False], repeat=len(names)):
        world = dict(zip(names, values))
        if all(statements[n][1](world) == world[n] for n in names):
            fits.append(world)
    world = only(fits)
    said = " ".join(f'{n} says: "{statements[n][0]}"' for n in names)
    honest = ", ".join(n for n in names if world[n])
    return answered(ids(TASK, "truth"), TASK,
                    f"On {place} everybody either always tells the truth or always lies. {said} "
                    "Who tells the truth?",
                    "the names of those who do, in alphabetical order with commas between them", honest)


def days_between(ids, first, last, about):
    n = (last - first).days
    return answered(ids(TASK, "days"), TASK,
                    f"{about} begins on {first.day} {first:%B %Y} and ends on {last.day} {last:%B %Y}. How many days lie from the first "
                    "date to the second, the first day not counted and the last one counted?",
                    "the number", n)


def nth_weekday(ids, year, month, weekday, n, about):
    day = datetime.date(year, month, 1)
    while day.weekday() != weekday:
        day += datetime.timedelta(1)
    day += datetime.timedelta(7 * (n - 1))
    assert day.month == month
    which = ["first", "second", "third", "fourth"][n - 1]
    word = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"][weekday]
    first = datetime.date(year, month, 1)
    return answered(ids(TASK, "weekday"), TASK,
                    f"{about} meets on the {which} {word} of each month. 1 {first:%B %Y} is a {first:%A}. "
                    f"On which date does it meet in {first:%B %Y}?",
                    "the date as YYYY-MM-DD", day.isoformat())


def caesar(ids, text, shift):
    turn = lambda c: chr((ord(c) - 97 + shift) % 26 + 97) if c.isalpha() else c
    hidden = "".join(turn(c) for c in text)
    return answered(ids(TASK, "cipher"), TASK,
                    f"Each letter of this sentence was moved {shift} places forward in the alphabet (after z comes a). "
                    f"Move them back and tell me the sentence: {hidden}",
                    "the sentence in lower case", text)


def base(ids, n, source, target):
    write = {2: lambda v: f"{v:b}", 8: lambda v: f"{v:o}", 16: lambda v: f"{v:x}", 10: str}
    name = {2: "binary", 8: "octal", 16: "hexadecimal", 10: "decimal"}
    return answered(ids(TASK, "base"), TASK,
                    f"The {name[source]} number {write[source](n)} is to be written in {name[target]}.",
                    f"the {name[target]} digits, without a prefix", write[target](n))


def to_roman(n):
    out = ""
    for v, s in ((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"),
                 (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")):
        while n >= v:
            out, n = out + s, n - v
    return out


def roman(ids, a, b):
    return answered(ids(TASK, "roman"), TASK,
                    f"Add the Roman numerals {to_roman(a)} and {to_roman(b)} and write the sum as a Roman numeral.",
                    "the Roman numeral", to_roman(a + b), f"{a} + {b} = {a + b}.")


def sort_words(ids, words, what):
    out = sorted(words, key=lambda w: (len(w), w))
    return answered(ids(TASK, "sort"), TASK,
                    f"Sort these {what} by their length, the shortest first, and those of one length alphabetically: "
                    f"{', '.join(words)}.",
                    "the words in that order, with commas between them", ", ".join(out))


def vowels(ids, sentence):
    out = "-".join(str(sentence.lower().count(v)) for v in "aeiou")
    return answered(ids(TASK, "letters"), TASK,
                    f"How often does each of the letters a, e, i, o and u occur in this sentence, capital letters "
                    f"included? {sentence}",
                    "the five counts in that order with hyphens between them, like 1-2-3-4-5", out)


def recurrence(ids, name, a, b, p, q, n):
    x, y = a, b
    for _ in range(n - 2):
        x, y = y, p * y + q * x
    return answered(ids(TASK, "recurrence"), TASK,
                    f"A sequence {name} begins with {name}(1) = {a} and {name}(2) = {b}; from then on "
                    f"{name}(n) = {p} times {name}(n-1) {'plus' if q > 0 else 'minus'} {abs(q)} times {name}(n-2). "
                    f"What is {name}({n})?",
                    "the number", y)


def urn(ids, colours, draw, what):
    """The chance that `draw` balls, not put back, are all of one colour."""
    total = sum(colours.values())
    p = sum(Fraction(math.comb(n, draw), math.comb(total, draw)) for n in colours.values())
    said = ", ".join(f"{n} {c}" for c, n in colours.items())
    return answered(ids(TASK, "chance"), TASK,
                    f"A box holds {what}: {said}. {draw} of them are taken out at once without looking. What is the "
                    "probability that all of those have the same colour?",
                    "the probability as a fraction in lowest terms", f"{p.numerator}/{p.denominator}")


def walk(ids, who, moves):
    x = y = 0
    heading = 0
    steps = [(0, 1), (1, 0), (0, -1), (-1, 0)]
    said = []
    for m in moves:
        if m in ("left", "right"):
            heading = (heading + (1 if m == "right" else -1)) % 4
            said.append(f"turns {m}")
        else:
            x, y = x + steps[heading][0] * m, y + steps[heading][1] * m
            said.append(f"goes {m} ahead")
    way = ["north", "east", "south", "west"][heading]
    return answered(ids(TASK, "walk"), TASK,
                    f"{who} stands at (0, 0) and looks north. It {', '.join(said)}. East is the direction of growing x, "
                    "north of growing y. Where does it stand then, and where does it look?",
                    "x, y and the direction, like `3, -1, west`", f"{x}, {y}, {way}")


def rpn(ids, text):
    stack = []
    for t in text.split():
        if t in "+-*":
            b, a = stack.pop(), stack.pop()
            stack.append({"+": a + b, "-": a - b, "*": a * b}[t])
        else:
            stack.append(int(t))
    (value,) = stack
    return answered(ids(TASK, "rpn"), TASK,
                    f"What does this expression in reverse Polish notation come to: {text}", "the number", value)


def isbn(ids, digits, what):
    check = (10 - sum(int(d) * (3 if i % 2 else 1) for i, d in enumerate(digits)) % 10) % 10
    return answered(ids(TASK, "check"), TASK,
                    f"{what} has a 13-digit number whose last digit makes the sum right: counted from the left, the "
                    "digits at odd places count once, those at even places three times, and the sum of all "
                    f"must be a multiple of ten. Its first twelve digits are {digits}. What is the whole number?",
                    "all 13 digits without spaces", digits + str(check))


def equation(ids, text, intro):
    """Within reach of who can only calculate: the reply is the equation alone."""
    value = eval(text.replace("^", "**"))  # noqa: S307 - our own text
    assert isinstance(value, int)
    item = {"id": ids(TASK, "equation"), "task_type": TASK,
            "prompt": f"{intro}: write the equation with its result, and nothing else.\n\n{text}"}
    item["scorer"] = {**answer_scorer([f"{text} = {value}", f"{text}={value}"], words=20), "where": "whole"}
    item["reference"] = {"text": f"{text} = {value}"}
    return item


def run_this(ids, code, output, intro):
    """Within reach of who can run code: the program says the last line itself."""
    answer = output.strip().splitlines()[-1]
    assert answer.startswith("ANSWER: ")
    return {"id": ids(TASK, "run"), "task_type": TASK,
            "prompt": f"{intro} Run it and tell me what it prints, to the end.\n\n```python\n{code.strip()}\n```",
            "scorer": answer_scorer([answer[8:]], words=60), "reference": {"text": output.strip()}}


def ran(code):
    import contextlib
    import io
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(code, {})  # noqa: S102 - our own text
    return out.getvalue()


def fact(ids, about, prompt, what, accept):
    return answered(ids(TASK, about), TASK, prompt, what, accept)


def talk(ids, messages, what, accept, why=""):
    """A conversation: its last answer needs what was said before."""
    roles = [{"role": r, "content": t} for r, t in messages]
    return answered(ids(TASK, "talk"), TASK, None, what, accept, why, messages=roles)


PROGRAM_TRAIN = """
seen = []
x = 7
while x not in seen:
    seen.append(x)
    x = (x * x + 11) % 257
print("steps:", len(seen))
print("ANSWER:", sum(seen))
"""
PROGRAM_TRAIN_2 = """
words = "the quick sailor counts every wave before the storm arrives".split()
total = 0
for place, word in enumerate(words, 1):
    total += place * sum(ord(c) - 96 for c in word)
print(f"ANSWER: {total}")
"""
PROGRAM_DEV = """
grid = [[(r * 7 + c * 13) % 10 for c in range(9)] for r in range(9)]
best = max(sum(grid[r + i][c + j] for i in range(3) for j in range(3)) for r in range(7) for c in range(7))
print("rows:", len(grid))
print("ANSWER:", best * 1000 + sum(map(sum, grid)))
"""
PROGRAM_DEV_2 = """
state, out = 12345, []
for _ in range(12):
    state = (state * 1103515245 + 12345) % 2147483648
    out.append(state >> 16 & 15)
print("ANSWER:", "-".join(map(str, out)))
"""


def train(ids):
    d = datetime.date
    return [
        receipt(ids, "the ironmonger's", [(4, "hinges", 375), (12, "screws", 15), (1, "lock", 2190)], 10, 50),
        receipt(ids, "a nursery", [(6, "young beeches", 1240), (2, "bags of bark", 880), (4, "stakes", 210)], 5, 200),
        meeting(ids, "Ostrava", "Brno", 190, 8 * 60 + 10, 60, 100, 30),
        order(ids, ["Ada", "Ben", "Cleo", "Dov", "Emma"], [
            ("Ada stands directly behind Dov.", lambda p: p["Ada"] == p["Dov"] + 1),
            ("Cleo is neither first nor last.", lambda p: p["Cleo"] not in (1, 5)),
            ("Emma stands somewhere before Cleo.", lambda p: p["Emma"] < p["Cleo"]),
            ("Ben is first.", lambda p: p["Ben"] == 1),
            ("Between Emma and Ada stand exactly two others.", lambda p: abs(p["Emma"] - p["Ada"]) == 3),
        ], "In a queue at the baker's stand"),
        knights(ids, {
            "Ira": ("Jon lies.", lambda w: not w["Jon"]),
            "Jon": ("Kim and Lea are of the same kind.", lambda w: w["Kim"] == w["Lea"]),
            "Kim": ("Ira tells the truth.", lambda w: w["Ira"]),
            "Lea": ("Ira lies.", lambda w: not w["Ira"]),
        }, "an island"),
        days_between(ids, d(2027, 3, 9), d(2028, 1, 17), "An exhibition"),
        nth_weekday(ids, 2029, 11, 2, 3, "The parish council"),
        caesar(ids, "the ferry leaves before the morning fog", 8),
        base(ids, 48879, 16, 8),
        roman(ids, 1487, 359),
        sort_words(ids, ["granite", "salt", "opal", "flint", "chalk", "marble", "jade", "quartz"], "words"),
        vowels(ids, "Every autumn the old gardener burned a heap of leaves outside our orchard."),
        recurrence(ids, "a", 2, 5, 3, -2, 12),
        urn(ids, {"red": 5, "blue": 4, "green": 3}, 3, "twelve balls"),
        walk(ids, "A robot", [4, "right", 7, "right", 9, "left", 2, "left", 3, "left", 12]),
        rpn(ids, "7 3 + 4 * 6 9 - 5 * -"),
        isbn(ids, "978014310495", "A book"),
        equation(ids, "348 * 27 + 1615", "Complete this"),
        equation(ids, "(9081 - 456) * 73", "Please work this out"),
        run_this(ids, PROGRAM_TRAIN, ran(PROGRAM_TRAIN), "I have a small program here."),
        run_this(ids, PROGRAM_TRAIN_2, ran(PROGRAM_TRAIN_2), "This program weighs words."),
        fact(ids, "capitals", "Which are the capitals of Portugal, Norway and Peru?",
             "their names in alphabetical order, with commas between them", "Lima, Lisbon, Oslo"),
        fact(ids, "symbols", "What are the chemical symbols of sodium, iron, tin and tungsten?",
             "the four symbols in this order with hyphens between them", "Na-Fe-Sn-W"),
        fact(ids, "words", "How is the number 93 written in words in French as it is used in France?",
             "the French words", ["quatre-vingt-treize", "quatre vingt treize"]),
        talk(ids, [
            ("system", "You are the desk of a small print shop. A page costs 8 cents, colour 21 cents more a page. From "
                       "100 pages on each page is 2 cents cheaper. Binding costs 3.50 a copy. Amounts are in euros."),
            ("user", "I need my thesis printed, 84 pages, 12 of them in colour."),
            ("assistant", "Gladly. How many copies, and shall they be bound?"),
            ("user", "Two copies, both bound. What does it come to in all? The pages of both copies count together."),
        ], "the amount in euros with two decimals", money(168 * 6 + 24 * 21 + 700),
             "168 pages at 6 cents are 10.08, 24 in colour 5.04 more, two bindings 7.00."),
        talk(ids, [
            ("user", "Remember these for me: the key of the cellar is under the third pot, the gate's code is 7305, and "
                     "the alarm's code is the gate's code backwards."),
            ("assistant", "I will keep that in mind."),
            ("user", "The gate's code has changed: each digit is now one more than it was, with 9 becoming 0. The "
                     "alarm still follows the gate. What is the alarm's code now?"),
        ], "the four digits", "6148"),
    ]


def dev(ids):
    d = datetime.date
    return [
        receipt(ids, "a bicycle shop", [(2, "tyres", 2850), (3, "tubes", 640), (8, "spokes", 85)], 25, 100),
        meeting(ids, "Tampere", "Vaasa", 240, 13 * 60 + 35, 80, 120, 45),
        order(ids, ["Fay", "Gus", "Hal", "Ivy", "Jan", "Kai"], [
            ("Hal comes directly before Ivy.", lambda p: p["Hal"] + 1 == p["Ivy"]),
            ("Kai is not first, but before Gus.", lambda p: 1 < p["Kai"] < p["Gus"]),
            ("Fay is two places behind Jan.", lambda p: p["Fay"] == p["Jan"] + 2),
            ("Gus comes directly after Fay.", lambda p: p["Gus"] == p["Fay"] + 1),
            ("Jan is not the third.", lambda p: p["Jan"] != 3),
        ], "At a stop wait"),
        knights(ids, {
            "Mia": ("Ned and Oda both lie.", lambda w: not w["Ned"] and not w["Oda"]),
            "Ned": ("Pat tells the truth.", lambda w: w["Pat"]),
            "Oda": ("Mia lies.", lambda w: not w["Mia"]),
            "Pat": ("At least one of Mia and Quin tells the truth.", lambda w: w["Mia"] or w["Quin"]),
            "Quin": ("Exactly three of us five tell the truth.", lambda w: sum(w.values()) == 3),
        }, "a ship"),
        days_between(ids, d(2031, 8, 23), d(2033, 2, 4), "A voyage"),
        nth_weekday(ids, 2030, 5, 4, 4, "A chess club"),
        caesar(ids, "count the lanterns along the quiet harbour", 19),
        base(ids, 3498, 2, 16),
        roman(ids, 2768, 979),
        sort_words(ids, ["heron", "kite", "wren", "plover", "owl", "finch", "curlew", "rook", "dunnock"], "birds"),
        recurrence(ids, "b", 1, 4, 2, 3, 11),
        urn(ids, {"white": 6, "black": 4, "yellow": 5}, 2, "fifteen counters"),
        walk(ids, "A drone", [6, "left", 5, "left", 11, "right", 3, "right", 2, "right", 14, "right"]),
        isbn(ids, "978184022763", "A catalogue"),
        equation(ids, "7919 * 64 - 8128", "Complete this"),
        run_this(ids, PROGRAM_DEV, ran(PROGRAM_DEV), "Here is a program about a grid."),
        run_this(ids, PROGRAM_DEV_2, ran(PROGRAM_DEV_2), "This makes a series of numbers."),
        fact(ids, "currencies", "What are the three-letter currency codes (ISO 4217) of Japan, Switzerland and Sweden?",
             "the three codes in this order with hyphens between them", "JPY-CHF-SEK"),
        fact(ids, "plurals", "What are the plurals of the English nouns ox, goose, mouse and criterion?",
             "the four plurals in this order, with commas between them", "oxen, geese, mice, criteria"),
        talk(ids, [
            ("system", "You work for a ferry. A car costs 38, a bicycle 6, an adult 14, a child under twelve half of "
                       "that; children under four travel free. A return is twice the price less ten percent. Answer in euros."),
            ("user", "Hello, we are two adults and three children of 3, 7 and 11, and have one car."),
            ("assistant", "Welcome. One way, or there and back?"),
            ("user", "There and back, and please add two bicycles. What will we pay?"),
        ], "the amount in euros with two decimals", money((38 + 12 + 28 + 14) * 2 * 90),
             "One way it is 38 + 12 + 28 + 14 = 92; twice that less a tenth is 165.60."),
    ]
