"""Draw the house of docs/architecture.md: every part of the package on its floor, and what it stands on.

    python scripts/draw_house.py docs/images/house.svg

A part's floor is one above the highest of those that it imports, so that the picture is made of the imports alone.
"""

import ast
import pathlib
import sys
from collections.abc import Iterator

PACKAGE = pathlib.Path(__file__).parents[1] / "kerasdream"
WIDTH, ROOM, FLOOR, GAP, ROOF = 1120, 34, 64, 10, 110
PAPER, INK, LINE = "#faf6ee", "#2b2a33", "#b9b2a4"
FEWEST, MOST = "#dfe9e4", "#f2c9a8"  # the colours of rooms at the ground and under the roof


House = dict[str, frozenset[str]]  # every file or folder of the package, and those that it imports


def imported(path: pathlib.Path) -> Iterator[str]:
    """Yield the parts that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("kerasdream"):
            names = [node.module] if "." in node.module else [f"kerasdream.{alias.name}" for alias in node.names]
            yield from (name.split(".")[1] for name in names)


def parts() -> House:
    """Return the parts of the package by name."""
    files: dict[str, list[pathlib.Path]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if not name.startswith("__"):
            files.setdefault(name, []).append(path)
    return {
        name: frozenset(one for path in paths for one in imported(path) if one in files and one != name)
        for name, paths in files.items()
    }


def floors(house: House) -> list[list[str]]:
    """Return the names on each floor, the ground first.

    >>> floors({"a": frozenset(), "b": frozenset("a"), "c": frozenset("a")})
    [['a'], ['b', 'c']]
    """
    levels: dict[str, int] = {}
    while len(levels) < len(house):
        ready = [name for name, part in house.items() if name not in levels and part <= levels.keys()]
        assert ready, "imports go in a circle"
        found = {name: 1 + max((levels[one] for one in house[name]), default=-1) for name in ready}
        levels |= found
    return [[name for name in house if levels[name] == level] for level in range(max(levels.values()) + 1)]


def direct(house: House, name: str) -> set[str]:
    """Return what a part stands on: those that it imports, and that no other of them imports already."""
    below: set[str] = set()
    for one in house[name]:
        reached, left = set[str](), list(house[one])
        while left:
            reached.add(part := left.pop())
            left += house[part] - reached
        below |= reached
    return set(house[name] - below)


def mixed(share: float) -> str:
    """Return a colour between that of the ground and that of the roof."""
    pairs = zip(*([int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in (FEWEST, MOST)), strict=True)
    return "#" + "".join(f"{round(low + share * (high - low)):02x}" for low, high in pairs)


def drawn(house: House) -> str:
    """Return the picture."""
    rows = floors(house)
    height = ROOF + len(rows) * FLOOR + 30
    boxes: dict[str, tuple[float, float, float]] = {}  # left, top, width
    for level, names in enumerate(rows):
        widths = [max(54.0, 9.0 * len(name) + 18) for name in names]
        left = (WIDTH - sum(widths) - GAP * (len(names) - 1)) / 2
        for name, width in zip(names, widths, strict=True):
            boxes[name] = (left, height - 30 - (level + 1) * FLOOR + (FLOOR - ROOM) / 2, width)
            left += width + GAP
    lines = [
        f'<path d="M{x + w / 2:.0f} {y + ROOM:.0f} L{boxes[one][0] + boxes[one][2] / 2:.0f} {boxes[one][1]:.0f}"/>'
        for name, (x, y, w) in boxes.items()
        for one in sorted(direct(house, name))
    ]
    rooms = [
        f'<rect x="{x:.0f}" y="{y:.0f}" width="{w:.0f}" height="{ROOM}" rx="5" fill="{mixed(level / len(rows))}"/>'
        f'<text x="{x + w / 2:.0f}" y="{y + 22:.0f}">{name}</text>'
        for level, names in enumerate(rows)
        for name, (x, y, w) in ((name, boxes[name]) for name in names)
    ]
    wall = (
        f'<path d="M40 {ROOF} V{height - 22} H{WIDTH - 40} V{ROOF} M16 {ROOF} L{WIDTH / 2} 18 L{WIDTH - 16} {ROOF} Z"/>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">\n'
        f'<rect width="{WIDTH}" height="{height}" rx="12" fill="{PAPER}"/>\n'
        f'<g fill="none" stroke="{INK}" stroke-width="3" stroke-linejoin="round">{wall}</g>\n'
        f'<g fill="none" stroke="{LINE}" stroke-width="1.2">\n' + "\n".join(lines) + "\n</g>\n"
        f'<g font-family="monospace" font-size="15" text-anchor="middle" fill="{INK}">\n'
        f'<text x="{WIDTH / 2}" y="{ROOF - 26}" font-size="22">import kerasdream</text>\n'
        + "\n".join(rooms)
        + "\n</g>\n</svg>\n"
    )


if __name__ == "__main__":
    pathlib.Path(sys.argv[1]).write_text(drawn(parts()))
