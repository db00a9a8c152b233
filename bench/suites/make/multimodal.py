"""Pictures in, with known content, and pictures out, whose pixels are looked at."""

import math

from .common import answered
from .png import COLOURS, Canvas

TASK = "multimodal"


def seen(ids, about, canvas, prompt, what, accept):
    item_id = ids(TASK, about)
    name = f"files/{item_id}.png"
    item = answered(item_id, TASK, prompt, what, accept, first={"modality": "image_in"}, inputs=[{"file": name, "as": "image"}])
    return {**item, "_files": {name: canvas.png()}}


def display(ids, digits, colour, ground, what):
    c = Canvas(len(digits) * 30 + 18, 59, ground)
    c.segments(12, 12, digits, 5, colour)
    return seen(ids, "display", c, f"The picture shows the display of {what}. Which number does it show?", "the digits without spaces", digits)


def bars(ids, values, top, step, question, what, accept, tints):
    """Bars on a grid with numbers at its left and letters below."""
    c = Canvas(40 + 44 * len(values), 220)
    y = lambda v: 190 - v * 170 // top
    for v in range(0, top + 1, step):
        c.rect(34, y(v), c.width - 34, 1, (200, 200, 200))
        c.text(4, y(v) - 5, f"{v:>2}" if top < 100 else f"{v:>3}"[-3:], 2 if top < 100 else 1)
    for i, (name, v) in enumerate(values.items()):
        c.rect(44 + 44 * i, y(v), 26, 190 - y(v), tints[i % len(tints)])
        c.text(52 + 44 * i, 198, name, 2)
    c.rect(34, 190, c.width - 34, 2, "black")
    return seen(ids, "bars", c, f"The picture is a bar chart; the lines of the grid have their values at the left, and every bar ends on such a line. {question}", what, accept)


def shapes(ids, kinds, asked, ground):
    """kinds: (shape, colour, how many); each lies in a cell of its own."""
    todo = [(s, colour) for s, colour, n in kinds for _ in range(n)]
    places = [(i * 7) % 24 for i in range(24)]  # 7 and 24 have no common divisor: each place once
    c = Canvas(6 * 44, 4 * 44, ground)
    for (shape, colour), at in zip(todo, places):
        x, y = at % 6 * 44 + 22, at // 6 * 44 + 22
        if shape == "circle":
            c.disc(x, y, 15, colour)
        elif shape == "square":
            c.rect(x - 14, y - 14, 28, 28, colour)
        else:
            c.triangle(x, y - 16, 31, colour)
    count = {(s, colour): n for s, colour, n in kinds}
    said = ", ".join(f"{colour} {shape}s" for shape, colour in asked)
    return seen(ids, "shapes", c, f"How many of each of these does the picture show: {said}?", "the counts in this order with hyphens between them, like 0-0-0-0", "-".join(str(count.get(a, 0)) for a in asked))


def cells(ids, rows, ink):
    c = Canvas(len(rows[0]) * 22 + 3, len(rows) * 22 + 3)
    for i in range(len(rows[0]) + 1):
        c.rect(i * 22, 0, 2, c.height, (170, 170, 170))
    for i in range(len(rows) + 1):
        c.rect(0, i * 22, c.width, 2, (170, 170, 170))
    for y, row in enumerate(rows):
        for x, v in enumerate(row):
            if v == "#":
                c.rect(x * 22 + 3, y * 22 + 3, 18, 18, ink)
    return seen(ids, "cells", c, f"The picture is a grid some of whose cells are filled. How many cells are filled in each row, from the top row to the bottom row?", "the counts with hyphens between them, like 1-2-3",
                "-".join(str(r.count("#")) for r in rows))


def word(ids, text, ink, ground, backwards=False):
    c = Canvas(len(text) * 24 + 20, 48, ground)
    c.text(12, 10, text, 4, ink)
    if backwards:
        return seen(ids, "letters", c, "Which characters does the picture show? Tell me them in reverse order, from the last to the first.", "the characters in reverse order, without spaces", text[::-1])
    return seen(ids, "letters", c, "Which characters does the picture show?", "the characters, without spaces", text)


def clock(ids, hour, minute):
    c = Canvas(200, 200)
    c.disc(100, 100, 94, "black")
    c.disc(100, 100, 90, (250, 250, 240))
    point = lambda turn, r: (100 + round(r * math.sin(2 * math.pi * turn)), 100 - round(r * math.cos(2 * math.pi * turn)))
    for i in range(60):
        (x0, y0), (x1, y1) = point(i / 60, 78 if i % 5 == 0 else 84), point(i / 60, 88)
        c.line(x0, y0, x1, y1, 3 if i % 5 == 0 else 1, "black")
    c.text(94, 28, "12", 2)
    c.text(158, 93, "3", 2)
    c.text(95, 156, "6", 2)
    c.text(32, 93, "9", 2)
    c.line(100, 100, *point((hour % 12 + minute / 60) / 12, 46), 7, "black")
    c.line(100, 100, *point(minute / 60, 76), 3, "red")
    c.disc(100, 100, 6, "black")
    return seen(ids, "clock", c, "The picture shows a clock with a short black hand for the hours and a long red one for the minutes. It is the afternoon. What time is it?", "the time as HH:MM on a 24-hour clock",
                f"{hour:02d}:{minute:02d}")


def bill(ids, rows, question, what, accept):
    c = Canvas(230, 24 * len(rows) + 16)
    for i, (name, n) in enumerate(rows):
        c.text(10, 12 + 24 * i, name, 2)
        c.text(220 - 12 * len(str(n)), 12 + 24 * i, str(n), 2)
    return seen(ids, "table", c, question, what, accept)


def stripes(ids, colours, upright):
    c = Canvas(210, 210)
    n = 210 // len(colours)
    for i, colour in enumerate(colours):
        c.rect(*((i * n, 0, n, 210) if upright else (0, i * n, 210, n)), colour)
    way = "from left to right" if upright else "from top to bottom"
    return seen(ids, "stripes", c, f"Which colours do the stripes of the picture have, {way}? Use the words {', '.join(sorted(set(COLOURS) - {'cyan', 'brown'}))}.", "the colours in this order with commas between them",
                ", ".join(colours))


# ---- out ----


def drawn(ids, about, prompt, canvas, points, share=(), colours=2):
    """points: (x, y) whose colours are looked at; share: colours whose part of the picture is."""
    item_id = ids(TASK, about)
    total = canvas.width * canvas.height
    flat = [p for r in canvas.rows for p in r]
    checks = {"width": canvas.width, "height": canvas.height,
              "colour_at": [{"x": x, "y": y, "rgb": list(canvas.rows[y][x]), "tolerance": 40} for x, y in points]}
    if share:
        part = {s: flat.count(Canvas.rgb(s)) / total for s in share}
        checks["share"] = [{"rgb": list(Canvas.rgb(s)), "tolerance": 40, "min": round(p * 0.85, 3), "max": round(min(1, p * 1.15), 3)} for s, p in part.items()]
    checks["min_colours"] = colours
    name = f"files/{item_id}.png"
    gap = "\n\n" if prompt.strip().endswith("```") else " "
    return {"id": item_id, "task_type": TASK, "modality": "image_out",
            "prompt": f"{prompt.strip()}{gap}The picture is a PNG of exactly {canvas.width} by {canvas.height} pixels, delivered as one file with your answer.",
            "timeout_seconds": 240, "scorer": {"kind": "image", "png": checks},
            "reference": {"text": "Here is the picture.", "files": [{"name": f"{about}.png", "mime_type": "image/png", "file": name}]}, "_files": {name: canvas.png()}}


def rgb(colour):
    return "({}, {}, {})".format(*Canvas.rgb(colour))


def flag(ids, width, height, colours, upright):
    c = Canvas(width, height)
    n = (width if upright else height) // len(colours)
    points = []
    for i, colour in enumerate(colours):
        c.rect(*((i * n, 0, n, height) if upright else (0, i * n, width, n)), colour)
        mid = i * n + n // 2
        points += [(mid, 5), (mid, height - 6)] if upright else [(5, mid), (width - 6, mid)]
    said = ", ".join(f"{k} {rgb(k)}" for k in colours)
    return drawn(ids, "flag", f"Draw a flag of {len(colours)} {'upright' if upright else 'level'} stripes of one {'width' if upright else 'height'}, {'from left to right' if upright else 'from top to bottom'} in these colours "
                 f"(red, green, blue): {said}.", c, points, set(colours) and sorted(set(colours)), len(set(colours)))


def board(ids, n, size, a, b):
    c = Canvas(n * size, n * size, a)
    for y in range(n):
        for x in range(n):
            if (x + y) % 2:
                c.rect(x * size, y * size, size, size, b)
    points = [(x * size + size // 2, y * size + size // 2) for x, y in ((0, 0), (1, 0), (0, 1), (n - 1, n - 1), (n - 1, 0), (n // 2, n // 2), (n // 2, n // 2 + 1), (2, n - 1))]
    return drawn(ids, "board", f"Draw a board of {n} by {n} squares that take turns in colour like those of a chess board, each of {size} by {size} pixels; the square at the top left is {a} {rgb(a)}, those beside it are {b} {rgb(b)}.",
                 c, points, [a, b])


def disc(ids, width, height, radius, colour, ground):
    c = Canvas(width, height, ground)
    x, y = width // 2, height // 2
    c.disc(x, y, radius, colour)
    q = radius * 2 // 3
    points = [(x, y), (x - q, y), (x + q, y), (x, y - q), (x, y + q), (3, 3), (width - 4, 3), (3, height - 4), (width - 4, height - 4), (x - radius - 6, y), (x, y + radius + 5)]
    return drawn(ids, "disc", f"Draw a filled {colour} {rgb(colour)} circle with a radius of {radius} pixels in the middle of a {ground} {rgb(ground)} ground.", c, points, [colour])


def frame(ids, width, height, edge, colour, inner):
    c = Canvas(width, height, colour)
    c.rect(edge, edge, width - 2 * edge, height - 2 * edge, inner)
    m = edge // 2
    points = [(m, m), (width - m - 1, m), (m, height - m - 1), (width - m - 1, height - m - 1), (width // 2, m), (m, height // 2), (width // 2, height // 2), (edge + 4, edge + 4), (width - edge - 5, height - edge - 5)]
    return drawn(ids, "frame", f"Draw a {inner} {rgb(inner)} area with a {colour} {rgb(colour)} frame of {edge} pixels on all four sides.", c, points, [colour, inner])


def quarters(ids, size, colours):
    c = Canvas(size, size)
    h = size // 2
    points = []
    for i, colour in enumerate(colours):
        x, y = i % 2 * h, i // 2 * h
        c.rect(x, y, h, h, colour)
        points += [(x + 6, y + 6), (x + h - 7, y + h - 7)]
    said = "; ".join(f"{where} {k} {rgb(k)}" for where, k in zip(("top left", "top right", "bottom left", "bottom right"), colours))
    return drawn(ids, "quarters", f"Divide the picture into four equal squares and fill them: {said}.", c, points, list(colours), 4)


def script(ids, about, code, canvas, points, share, intro):
    """Within reach of who can run code."""
    item = drawn(ids, about, f"{intro} Please run it and give me the picture that it writes to artifacts/{about}.png.\n\n```python\n{code.strip()}\n```\n\n", canvas, points, share)
    return item


SCRIPT = """
import struct
import zlib

width, height = {width}, {height}


def pixel(x, y):
    return {pixel}


raw = b"".join(b"\\0" + b"".join(bytes(pixel(x, y)) for x in range(width)) for y in range(height))
with open("artifacts/{name}.png", "wb") as f:
    f.write(b"\\x89PNG\\r\\n\\x1a\\n")
    for kind, data in ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(raw)), (b"IEND", b"")):
        f.write(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)))
"""


def scripted(ids, about, width, height, pixel, points, intro):
    code = SCRIPT.format(width=width, height=height, pixel=pixel, name=about)
    f = eval(f"lambda x, y: {pixel}")  # noqa: S307 - our own text
    c = Canvas(width, height)
    c.rows = [[f(x, y) for x in range(width)] for y in range(height)]
    return script(ids, about, code, c, points, (), intro)


def train(ids):
    return [
        display(ids, "4817026", "red", (40, 0, 0), "a scale"),
        display(ids, "930562", (20, 60, 30), (190, 210, 180), "a pump's meter"),
        bars(ids, {"A": 15, "B": 40, "C": 25, "D": 5, "E": 30}, 40, 5, "What do all bars together come to?", "the number", 115, ["blue"]),
        bars(ids, {"P": 6, "Q": 18, "R": 10, "S": 14}, 18, 2, "Order the bars by their value, the highest first, and give each with its value.", "them in the form `X=1, Y=2`", "Q=18, S=14, R=10, P=6", ["green", "orange"]),
        shapes(ids, [("circle", "red", 4), ("square", "blue", 2), ("triangle", "green", 5), ("circle", "blue", 3), ("square", "red", 1)],
               [("circle", "red"), ("square", "blue"), ("triangle", "green"), ("circle", "blue")], "white"),
        cells(ids, ["#..##.#.", ".#......", "########", "..#.#.##", "........", "###.###."], "black"),
        word(ids, "KESTREL47", "black", "white"),
        clock(ids, 16, 38),
        bill(ids, [("PLUMS", 384), ("BREAD", 215), ("CHEESE", 1190), ("TEA", 647)], "The picture shows what some things cost, in cents. What do they cost together?", "the amount in cents", 2436),
        stripes(ids, ["green", "yellow", "black", "red", "white", "blue"], True),
        flag(ids, 180, 120, ["blue", "yellow", "red"], True),
        board(ids, 8, 20, "white", "black"),
        disc(ids, 150, 110, 40, "red", "white"),
        frame(ids, 130, 90, 12, "black", "yellow"),
        quarters(ids, 140, ["red", "green", "blue", "orange"]),
        scripted(ids, "slope", 96, 72, "(250, 200, 40) if x * 72 < y * 96 else (30, 40, 120)", [(5, 40), (10, 66), (60, 68), (90, 5), (50, 5), (94, 60), (20, 3), (3, 20)], "This draws a slope."),
    ]


def dev(ids):
    return [
        display(ids, "5039478", "cyan", "black", "a radio"),
        bars(ids, {"J": 35, "K": 10, "L": 45, "M": 20, "N": 25, "O": 50}, 50, 5, "How much higher are the three highest bars together than the three lowest together?", "the number", 75, ["purple"]),
        bars(ids, {"U": 9, "V": 3, "W": 21, "X": 15}, 21, 3, "Order the bars by their value, the lowest first, and give each with its value.", "them in the form `A=1, B=2`", "V=3, U=9, X=15, W=21", ["red", "gray"]),
        shapes(ids, [("square", "orange", 6), ("triangle", "purple", 3), ("circle", "green", 2), ("triangle", "orange", 4), ("square", "green", 5)],
               [("square", "green"), ("triangle", "orange"), ("circle", "green"), ("square", "orange")], (240, 240, 240)),
        cells(ids, [".##.....#", "#########", "....#....", ".#.#.#.#.", "##.##.##.", ".........", "#.......#"], "blue"),
        word(ids, "9QUARTZ6", "white", "blue", backwards=True),
        clock(ids, 19, 23),
        stripes(ids, ["purple", "orange", "white", "black", "pink", "green", "gray"], False),
        flag(ids, 150, 160, ["green", "white", "orange", "black"], False),
        disc(ids, 200, 128, 50, "blue", "yellow"),
        frame(ids, 110, 134, 17, "purple", "white"),
        scripted(ids, "rings", 84, 60, "(220, 40, 60) if (x - 42) ** 2 + (y - 30) ** 2 < 400 else (20, 20, 20) if (x - 42) ** 2 + (y - 30) ** 2 < 784 else (240, 240, 230)",
                 [(42, 30), (50, 36), (35, 22), (42, 54), (18, 30), (66, 30), (2, 2), (80, 57), (3, 55), (81, 3)], "This draws rings."),
    ]
