"""Pictures with known content, with nothing but zlib and struct: a canvas of pixels and what is drawn on it."""

import struct
import zlib

COLOURS = {"red": (220, 30, 30), "green": (30, 160, 50), "blue": (40, 70, 220), "yellow": (245, 215, 30), "black": (0, 0, 0), "white": (255, 255, 255), "orange": (245, 130, 20),
           "purple": (130, 40, 160), "gray": (128, 128, 128), "pink": (250, 150, 190), "brown": (120, 70, 30), "cyan": (30, 200, 210)}

# 5 by 7 dots a character, a row a number
FONT = {
    "0": (14, 17, 19, 21, 25, 17, 14), "1": (4, 12, 4, 4, 4, 4, 14), "2": (14, 17, 1, 2, 4, 8, 31), "3": (31, 2, 4, 2, 1, 17, 14), "4": (2, 6, 10, 18, 31, 2, 2), "5": (31, 16, 30, 1, 1, 17, 14),
    "6": (6, 8, 16, 30, 17, 17, 14), "7": (31, 1, 2, 4, 8, 8, 8), "8": (14, 17, 17, 14, 17, 17, 14), "9": (14, 17, 17, 15, 1, 2, 12),
    "A": (14, 17, 17, 31, 17, 17, 17), "B": (30, 17, 17, 30, 17, 17, 30), "C": (14, 17, 16, 16, 16, 17, 14), "D": (28, 18, 17, 17, 17, 18, 28), "E": (31, 16, 16, 30, 16, 16, 31),
    "F": (31, 16, 16, 30, 16, 16, 16), "G": (14, 17, 16, 23, 17, 17, 15), "H": (17, 17, 17, 31, 17, 17, 17), "I": (14, 4, 4, 4, 4, 4, 14), "J": (7, 2, 2, 2, 2, 18, 12), "K": (17, 18, 20, 24, 20, 18, 17),
    "L": (16, 16, 16, 16, 16, 16, 31), "M": (17, 27, 21, 21, 17, 17, 17), "N": (17, 17, 25, 21, 19, 17, 17), "O": (14, 17, 17, 17, 17, 17, 14), "P": (30, 17, 17, 30, 16, 16, 16),
    "Q": (14, 17, 17, 17, 21, 18, 13), "R": (30, 17, 17, 30, 20, 18, 17), "S": (15, 16, 16, 14, 1, 1, 30), "T": (31, 4, 4, 4, 4, 4, 4), "U": (17, 17, 17, 17, 17, 17, 14), "V": (17, 17, 17, 17, 17, 10, 4),
    "W": (17, 17, 17, 21, 21, 21, 10), "X": (17, 17, 10, 4, 10, 17, 17), "Y": (17, 17, 17, 10, 4, 4, 4), "Z": (31, 1, 2, 4, 8, 16, 31), "-": (0, 0, 0, 31, 0, 0, 0), "+": (0, 4, 4, 31, 4, 4, 0), " ": (0,) * 7,
    ".": (0, 0, 0, 0, 0, 12, 12), ":": (0, 12, 12, 0, 12, 12, 0),
}
# the seven segments of a digit: x, y, width, height in parts of 4 by 7
SEGMENTS = {"a": (0, 0, 4, 1), "b": (3, 0, 1, 4), "c": (3, 3, 1, 4), "d": (0, 6, 4, 1), "e": (0, 3, 1, 4), "f": (0, 0, 1, 4), "g": (0, 3, 4, 1)}
LIT = {"0": "abcdef", "1": "bc", "2": "abged", "3": "abgcd", "4": "fgbc", "5": "afgcd", "6": "afgedc", "7": "abc", "8": "abcdefg", "9": "abcdfg"}


def shown(data):
    """The size and the pixels of a picture that was made here."""
    at = data.index(b"IDAT")
    (n,) = struct.unpack(">I", data[at - 4:at])
    return data[:33], zlib.decompress(data[at + 4:at + 4 + n])


class Canvas:
    def __init__(self, width, height, colour="white"):
        self.width, self.height = width, height
        self.rows = [[self.rgb(colour)] * width for _ in range(height)]

    @staticmethod
    def rgb(colour):
        return COLOURS[colour] if isinstance(colour, str) else tuple(colour)

    def rect(self, x, y, w, h, colour):
        rgb = self.rgb(colour)
        for r in self.rows[max(0, y):max(0, y + h)]:
            for i in range(max(0, x), min(self.width, x + w)):
                r[i] = rgb

    def disc(self, cx, cy, radius, colour):
        rgb = self.rgb(colour)
        for y in range(max(0, cy - radius), min(self.height, cy + radius + 1)):
            for x in range(max(0, cx - radius), min(self.width, cx + radius + 1)):
                if (x - cx) ** 2 + (y - cy) ** 2 <= radius ** 2:
                    self.rows[y][x] = rgb

    def triangle(self, cx, top, size, colour):
        for i in range(size):
            half = i * size // (2 * size)
            self.rect(cx - half, top + i, 2 * half + 1, 1, colour)

    def line(self, x0, y0, x1, y1, thick, colour):
        n = max(abs(x1 - x0), abs(y1 - y0), 1)
        for i in range(n + 1):
            self.rect(x0 + (x1 - x0) * i // n - thick // 2, y0 + (y1 - y0) * i // n - thick // 2, thick, thick, colour)

    def text(self, x, y, words, scale, colour="black"):
        for c in words:
            for r, bits in enumerate(FONT[c]):
                for b in range(5):
                    if bits >> (4 - b) & 1:
                        self.rect(x + b * scale, y + r * scale, scale, scale, colour)
            x += 6 * scale

    def segments(self, x, y, digits, unit, colour):
        for d in digits:
            for s in LIT[d]:
                a, b, w, h = SEGMENTS[s]
                self.rect(x + a * unit, y + b * unit, w * unit, h * unit, colour)
            x += 6 * unit

    def png(self):
        raw = b"".join(b"\0" + bytes(v for p in row for v in p) for row in self.rows)
        chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)) +
                chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b""))
