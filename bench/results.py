"""Shows and writes the results: a table on the terminal, Markdown and a plot."""

from __future__ import annotations

import math
import os
import platform
import re
import time
from itertools import groupby
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, tostring

from rich.console import Console
from rich.table import Table

from bench.driver import find_pgbench
from bench.ground import Ground, value
from bench.measure import HEADINGS, Measure

MARK = "<!-- What follows is written by the benchmark. -->"


def machine(ground: Ground) -> str:
    """Say on what it ran, how much of it, and when."""
    with ground.connect("postgres") as connection:
        version = value(connection, "server_version").split()[0]
    driver = "pgbench" if find_pgbench(ground.server.bindir) else "Python"
    grown = f" (and {ground.lines_of('grown'):,})" if ground.grow > 1 else ""
    return (
        f"{time.strftime('%Y-%m-%d')}: PostgreSQL {version}, {_processor()}, {os.cpu_count()} "
        f"cores, {_memory_gb():.0f} GB, {platform.system()}; {ground.lines:,} order lines{grown}, "
        f"{ground.rounds} {'round' if ground.rounds == 1 else 'rounds'}, {ground.clients} clients "
        f"driven by {driver} for {ground.seconds} s."
    )


def _processor() -> str:
    """Return the name of the processor, or at least its kind."""
    try:
        found = re.search(r"^model name\s*: (.+)", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else platform.machine()


def _memory_gb() -> float:
    """Return the memory of the machine in GB."""
    return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")) / 2**30


def show(ground: Ground) -> None:
    """Print the results."""
    console = Console(width=160)
    console.print(machine(ground), highlight=False)
    for section, measures in _sections(ground):
        table = Table(*HEADINGS, title=section, title_justify="left")
        for measure in measures:
            table.add_row(*measure.cells())
        console.print(table)


def write(ground: Ground, path: Path) -> None:
    """Write the results below the mark of a Markdown file, and the plot beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    introduction = path.read_text("utf-8").partition(MARK)[0] if path.is_file() else ""
    plot_path = path.with_suffix(".svg")
    plot_path.write_text(plot(_sections(ground), machine(ground)), "utf-8")
    alternative = "Each measure with a target as a multiple of it; the table below has the numbers."
    parts = [f"{introduction}{MARK}", machine(ground), f"![{alternative}]({plot_path.name})"]
    for section, measures in _sections(ground):
        rows = [HEADINGS, ["---", "---:", "---", "---:", "---:", "---", "---"]]
        rows += [measure.cells() for measure in measures]
        parts += [f"## {section}", "\n".join(f"| {' | '.join(row)} |" for row in rows)]
    path.write_text("\n\n".join(parts) + "\n", "utf-8")


def _sections(ground: Ground) -> list[tuple[str, list[Measure]]]:
    """Return the measures by section, in the order in which the sections came to be."""
    order = {m.section: i for i, m in reversed(list(enumerate(ground.measures.values())))}
    measures = sorted(ground.measures.values(), key=lambda measure: order[measure.section])
    return [(name, list(group)) for name, group in groupby(measures, lambda m: m.section)]


# -- the plot ------------------------------------------------------------------------------------

_WIDTH, _LABELS, _BARS, _ROW, _TOP = 1000, 560, 300, 20, 64
_LEAST, _MOST = 1 / 8, 8
# Texts follow the reader's light or dark; the bars are readable on both.
_STYLE = """
text { font: 12px system-ui, sans-serif; fill: #24292f }
.head { font-weight: 600 }
.note { fill: #57606a }
.axis { stroke: #57606a }
.grid { stroke: #8c959f; stroke-opacity: .3 }
.yes { fill: #2a8f6f }
.no { fill: #d9822b }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .note { fill: #9da7b1 }
  .axis { stroke: #9da7b1 }
}
"""


def share_of_target(measure: Measure) -> float | None:
    """Return how far a measure is beyond its target: up to 1 it is met, 2 is twice too much.

    None: it has no target, or one of zero.
    """
    result = measure.result
    if not measure.target or not measure.bound or not result:
        return None
    return result / measure.bound if measure.target.startswith("≤") else measure.bound / result


def plot(sections: list[tuple[str, list[Measure]]], caption: str) -> str:
    """Draw each measure's multiple of its target as a bar that begins at the target, in SVG.

    The scale is logarithmic. Left of the target's line is better than it, right of it worse.
    """
    rows: list[str | tuple[Measure, float]] = []
    for section, measures in sections:
        bars = [(m, share) for m in measures if (share := share_of_target(m)) is not None]
        rows += [section, *bars] if bars else []
    height = _TOP + _ROW * len(rows) + 12
    drawing = Element(
        "svg",
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_WIDTH} {height}",
        width=str(_WIDTH),
        height=str(height),
    )

    def at(multiple: float) -> float:
        within = min(max(multiple, _LEAST), _MOST)
        return _LABELS + _BARS * math.log(within / _LEAST) / math.log(_MOST / _LEAST)

    def draw(tag: str, look: str, **numbers: float) -> Element:
        places = {name: f"{number:g}" for name, number in numbers.items()}
        return SubElement(drawing, tag, {"class": look, **places})

    def text(x: float, y: float, words: str, look: str = "", anchor: str = "start") -> None:
        element = draw("text", look, x=x, y=y)
        element.set("style", f"text-anchor: {anchor}")
        element.text = words

    SubElement(drawing, "title").text = "Ratios against their targets"
    SubElement(drawing, "style").text = _STYLE
    text(8, 18, "Ratios against their targets: left of the line met, right of it missed", "head")
    text(8, 36, caption, "note")
    for multiple in (_LEAST, 1 / 4, 1 / 2, 1, 2, 4, _MOST):
        x = at(multiple)
        name = f"{multiple:g} ×" if multiple >= 1 else f"1/{1 / multiple:g} ×"
        text(x, _TOP - 8, "target" if multiple == 1 else name, "note", anchor="middle")
        look = "axis" if multiple == 1 else "grid"
        draw("line", look, x1=x, x2=x, y1=_TOP - 4, y2=height - 8)
    for i, row in enumerate(rows):
        y = _TOP + _ROW * i
        if isinstance(row, str):
            text(_LABELS - 8, y + 14, row, "head", anchor="end")
            continue
        measure, share = row
        begin, end = sorted((at(1), at(share)))
        versus = f" / {measure.against}" if measure.against else ""
        text(_LABELS - 8, y + 14, f"{measure.title}{versus}", anchor="end")
        look = "yes" if measure.is_met else "no"
        draw("rect", look, x=begin, y=y + 3, width=max(end - begin, 1), height=_ROW - 6, rx=2)
        text(_LABELS + _BARS + 12, y + 14, f"{measure.result:.3g} ({measure.target})", "note")
    return tostring(drawing, encoding="unicode") + "\n"
