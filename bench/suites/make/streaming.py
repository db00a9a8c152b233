"""Long answers whose every line can be checked."""

import contextlib
import datetime
import io

TASK = "streaming"


def lines(ids, about, prompt, expect):
    """The answer is exactly these lines, each once, in order."""
    expect = list(expect)
    assert len(set(expect)) == len(expect) >= 40, about
    return {"id": ids(TASK, about), "task_type": TASK,
            "prompt": prompt.strip() + "\n\nWrite these lines and nothing else: no heading, no code block, no remark, no line left out.",
            "params": {"max_tokens": 8192},
            "scorer": {"kind": "stream", "min_bytes": sum(map(len, expect)) // 2, "expect": expect},
            "reference": {"text": "\n".join(expect)}}


def printed(ids, code, intro):
    """Within reach of who can run code."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(code, {})  # noqa: S102 - our own text
    expect = out.getvalue().splitlines()
    return {"id": ids(TASK, "output"), "task_type": TASK,
            "prompt": f"{intro} Run it and give me the whole of its output, line by line.\n\n```python\n{code.strip()}\n```",
            "params": {"max_tokens": 8192},
            "scorer": {"kind": "stream", "min_bytes": sum(map(len, expect)) // 2, "expect": expect},
            "reference": {"text": "```\n" + "\n".join(expect) + "\n```"}}


PROGRAM_TRAIN = """
a, b = 3, 10
for turn in range(1, 71):
    a, b = b, (a * 5 + b * 2) % 9973
    print("turn", turn, "gives", a, "and", b)
"""
PROGRAM_DEV = """
pile, hand = list(range(1, 53)), 0
while pile:
    hand = (hand * 7 + 3) % len(pile)
    print(f"card {pile.pop(hand)} leaves {sum(pile)}")
"""


def collatz(n):
    out = [n]
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        out.append(n)
    return out


def primes(below):
    return [n for n in range(2, below) if all(n % p for p in range(2, int(n ** 0.5) + 1))]


def lcg(x, a, c, m, n):
    for i in range(1, n + 1):
        x = (a * x + c) % m
        yield i, x


def pascal(rows):
    row = [1]
    for _ in range(rows):
        yield row
        row = [a + b for a, b in zip([0] + row, row + [0])]


def train(ids):
    day = datetime.date(2031, 2, 10)
    return [
        lines(ids, "squares", "Write the numbers from 1 to 150, one a line, each with its square, in the form `7: 49`.",
              (f"{n}: {n * n}" for n in range(1, 151))),
        lines(ids, "collatz", "Start with 27. As long as the number is not 1: halve it if it is even, else triple it and add 1. Write "
              "each number on a line of its own together with its place, in the form `1. 27`, up to and including the 1.",
              (f"{i}. {n}" for i, n in enumerate(collatz(27), 1))),
        lines(ids, "fizz", "Count from 1 to 120, one line each, in the form `number word`. The word is `fizz` for multiples of 3, `buzz` "
              "for multiples of 5, `fizzbuzz` for multiples of both, and `plain` for all others.",
              (f"{n} " + ("fizzbuzz" if n % 15 == 0 else "fizz" if n % 3 == 0 else "buzz" if n % 5 == 0 else "plain")
               for n in range(1, 121))),
        lines(ids, "primes", "List all prime numbers below 700, one a line, numbered, in the form `#4 7`.",
              (f"#{i} {p}" for i, p in enumerate(primes(700), 1))),
        lines(ids, "dates", "List 90 days from 10 February 2031 on, one a line, in the form `2031-02-10 Mon`: the date, a space, and the "
              "first three letters of the English weekday. 10 February 2031 is a Monday.",
              (f"{day + datetime.timedelta(i):%Y-%m-%d %a}" for i in range(90))),
        lines(ids, "hex", "Count from 200 to 320, one a line, in decimal, hexadecimal (lower case, no prefix) and binary, in the form "
              "`200 c8 11001000`.", (f"{n} {n:x} {n:b}" for n in range(200, 321))),
        lines(ids, "fibonacci", "Write the first 80 Fibonacci numbers, beginning with F1 = 1 and F2 = 1, one a line in the form `F3 = 2`.",
              (f"F{i} = {n}" for i, n in enumerate(fibonacci(80), 1))),
        lines(ids, "table", "Write the multiplication table of the numbers 2 to 12 with each other, first all products of 2 (from 2 x 2 "
              "to 2 x 12), then those of 3 (from 3 x 2), and so on to 12 x 12, one a line in the form `2 x 3 = 6`.",
              (f"{a} x {b} = {a * b}" for a in range(2, 13) for b in range(2, 13))),
        lines(ids, "generator", "Let x be 42. A hundred times: replace x by the remainder of 75 * x + 74 divided by 65537, and write the "
              "number of the round and x on a line, in the form `1> 3224`.",
              (f"{i}> {x}" for i, x in lcg(42, 75, 74, 65537, 100))),
        lines(ids, "ascii", "Write a table of the printable ASCII characters from code 33 to code 126, one a line: the code in decimal, a "
              "space, in hexadecimal with two lower-case digits, a space, and the character, like `65 41 A`.",
              (f"{c} {c:02x} {chr(c)}" for c in range(33, 127))),
        lines(ids, "bottles", "Count down from 99 to 1 in lines of the form `99 green bottles on the wall, 98 if one should fall.`, one for "
              "each number, the last being `1 green bottles on the wall, 0 if one should fall.`",
              (f"{n} green bottles on the wall, {n - 1} if one should fall." for n in range(99, 0, -1))),
        lines(ids, "pairs", "Write all pairs of two different letters from a to k with the first letter before the second in the alphabet, in "
              "alphabetical order, one a line, each with its number from 1 on: `1 ab`, `2 ac`, and so on.",
              (f"{i} {p}" for i, p in enumerate((a + b for a in "abcdefghijk" for b in "abcdefghijk" if a < b), 1))),
        printed(ids, PROGRAM_TRAIN, "This program plays turns."),
    ]


def fibonacci(n):
    a, b = 1, 1
    for _ in range(n):
        yield a
        a, b = b, a + b


def dev(ids):
    day = datetime.date(2028, 2, 20)
    return [
        lines(ids, "cubes", "Write the numbers from 1 to 130, one a line, each with its cube, in the form `3 -> 27`.",
              (f"{n} -> {n ** 3}" for n in range(1, 131))),
        lines(ids, "collatz", "Start with 97. As long as the number is not 1: halve it if it is even, else triple it and add 1. Write each "
              "number on a line of its own behind its place in brackets, in the form `[1] 97`, up to and including the 1.",
              (f"[{i}] {n}" for i, n in enumerate(collatz(97), 1))),
        lines(ids, "digits", "For each number from 300 to 420 write a line with the number, a colon, a space, the sum of its digits, a space, "
              "and the number with its digits reversed (leading zeros kept), like `300: 3 003`.",
              (f"{n}: {sum(map(int, str(n)))} {str(n)[::-1]}" for n in range(300, 421))),
        lines(ids, "leap", "List 100 days from 20 February 2028 on, one a line, in the form `20.02.2028 Sunday`: day, month and year with "
              "dots, a space, the English weekday. 20 February 2028 is a Sunday.",
              (f"{day + datetime.timedelta(i):%d.%m.%Y %A}" for i in range(100))),
        lines(ids, "generator", "Let x be 7. 110 times: replace x by the remainder of 171 * x + 11 divided by 30269, and write the round and x "
              "on a line, in the form `round 1 x 1208`.",
              (f"round {i} x {x}" for i, x in lcg(7, 171, 11, 30269, 110))),
        lines(ids, "triangle", "Write the numbers n from 1 to 120, one a line, each with the sum of all whole numbers from 1 to n and the "
              "remainder of that sum divided by 7, in the form `4 10 3`.",
              (f"{n} {n * (n + 1) // 2} {n * (n + 1) // 2 % 7}" for n in range(1, 121))),
        lines(ids, "octal", "Count from 500 to 620, one a line, in decimal and octal without a prefix, in the form `500 = 764`.",
              (f"{n} = {n:o}" for n in range(500, 621))),
        lines(ids, "tribonacci", "A sequence begins T1 = 0, T2 = 1, T3 = 1; from then on each number is the sum of the three before it. Write "
              "its first 60 numbers, one a line in the form `T4: 2`.",
              (f"T{i}: {n}" for i, n in enumerate(tribonacci(60), 1))),
        lines(ids, "rotation", "Take the word `semaphore-lantern` and move its first character to its end, 16 times in all, and then do the "
              "same with `tidewater-compass-42`, 19 times, and then with `granite-window`, 13 times. Write the word after each move on a "
              "line of its own with the number of the move, counted on from 1 through all three words: `1 emaphore-lanterns`.",
              rotations([("semaphore-lantern", 16), ("tidewater-compass-42", 19), ("granite-window", 13)])),
        printed(ids, PROGRAM_DEV, "This program takes cards from a pile."),
    ]


def tribonacci(n):
    a, b, c = 0, 1, 1
    for _ in range(n):
        yield a
        a, b, c = b, c, a + b + c


def rotations(words):
    out = []
    for word, times in words:
        for _ in range(times):
            word = word[1:] + word[0]
            out.append(f"{len(out) + 1} {word}")
    return out
