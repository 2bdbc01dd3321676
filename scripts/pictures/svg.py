# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A terminal's screen, as `tmux capture-pane -e -p` gives it, from standard input, as SVG on standard output."""
import re
import sys
from html import escape

CELL, LINE, SIZE = 8, 17, 13.2
DARK, LIGHT = "#121212", "#d0d0d0"
BASIC = ["#000000", "#cd0000", "#00cd00", "#cdcd00", "#4080ff", "#cd00cd", "#00cdcd", "#e5e5e5"]
LEVELS = [0, 95, 135, 175, 215, 255]
DOTS = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)]  # of braille, by bit


def colour(n):
    if n < 16:
        return BASIC[n % 8]
    if n >= 232:
        return "#" + f"{8 + 10 * (n - 232):02x}" * 3
    n -= 16
    return "#" + "".join(f"{LEVELS[i]:02x}" for i in (n // 36, n // 6 % 6, n % 6))


def sgr(style, codes):
    codes = [int(c or 0) for c in codes.split(";")]
    while codes:
        c = codes.pop(0)
        if c == 0:
            style.update(fg=LIGHT, bg=DARK, bold=False)
        elif c == 1:
            style["bold"] = True
        elif c in (38, 48) and codes[:1] == [5]:
            style["fg" if c == 38 else "bg"] = colour(codes[1])
            del codes[:2]
        elif c in (39, 49):
            style["fg" if c == 39 else "bg"] = LIGHT if c == 39 else DARK
        elif 30 <= c <= 37 or 40 <= c <= 47:
            style["fg" if c < 40 else "bg"] = BASIC[c % 10]


def runs(line, style):
    """(column, text, style) of cells that look the same."""
    column = 0
    for codes, text in re.findall(r"\x1b\[([0-9;]*)m|([^\x1b]+)", line):
        if text:
            for part in re.findall(r"[\u2800-\u28ff\u2588]+|[^\u2800-\u28ff\u2588]+", text):
                yield column, part, dict(style)
                column += len(part)
        else:
            sgr(style, codes)


def draw(y, column, text, style):
    x, width = column * CELL, len(text) * CELL
    if style["bg"] != DARK:
        yield f'<rect x="{x}" y="{y}" width="{width}" height="{LINE}" fill="{style["bg"]}"/>'
    if text[0] == "\u2588":
        yield f'<rect x="{x}" y="{y + 3}" width="{width}" height="{LINE - 6}" fill="{style["fg"]}"/>'
        return
    if "\u2800" <= text[0] <= "\u28ff":
        dots = "".join(f"M{x + i * CELL + dx * 4:g} {y + dy * LINE / 4:g}h3.4v3.6h-3.4z" for i, c in enumerate(text)
                       for bit, (dx, dy) in enumerate(DOTS) if (ord(c) - 0x2800) >> bit & 1)
        yield f'<path d="{dots}" fill="{style["fg"]}"/>'
        return
    bold = ' font-weight="bold"' if style["bold"] else ""
    for words in re.finditer(r"[^ ]+(?: [^ ]+)*", text):  # two blanks in a row would become one
        yield (f'<text x="{x + words.start() * CELL}" y="{y + 13}" textLength="{len(words[0]) * CELL}" '
               f'fill="{style["fg"]}"{bold}>{escape(words[0])}</text>')


def main():
    lines = sys.stdin.read().rstrip("\n").split("\n")
    style, parts, columns = {"fg": LIGHT, "bg": DARK, "bold": False}, [], 0
    for row, line in enumerate(lines):
        for column, text, look in runs(line, style):
            columns = max(columns, column + len(text))
            parts += draw(row * LINE + 6, column, text, look)
    size = columns * CELL + 12, len(lines) * LINE + 12
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-6 0 {size[0]} {size[1]}" width="{size[0]}" '
          f'height="{size[1]}" font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="{SIZE}">'
          f'<rect x="-6" width="100%" height="100%" rx="6" fill="{DARK}"/>')
    print("\n".join(parts) + "\n</svg>")


main()
