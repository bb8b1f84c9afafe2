"""The pictures of the documentation, made from real runs on the sample association.

``python docs/tooling/pictures.py FOLDER`` writes there: ``report.png``, the report page (needs
Playwright and a Chromium); ``card.svg``, a score card in a terminal; ``demo.svg``, the demo, which
scrolls by. `make docs` writes them into the site, and `make pictures` into docs/images.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import rich.console
import rich.terminal_theme
import rich.text

WIDTH = 100
#: Lines of the demo that are seen at once, and how many of them pass in a second.
SEEN, PACE = 28, 2.5
#: Height of a line in Rich's pictures, in their own units.
LINE = 24.4

#: As Rich's own, but for the part of the text that is seen, and its movement.
SCROLLING = """\
<svg class="rich-terminal" viewBox="0 0 {width} {seen_height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: Fira Code, DejaVu Sans Mono, monospace;
    font-size: {char_height}px; line-height: {line_height}px;
    font-variant-east-asian: full-width; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: arial; }}
{styles}
.moved {{ animation: up {seconds}s linear infinite; }}
@keyframes up {{ 0%, 2% {{ transform: translateY(0); }}
    96%, 100% {{ transform: translateY(-{distance}px); }} }}
@media (prefers-reduced-motion: reduce) {{ .moved {{ animation: none; }} }}
</style>
<defs><clipPath id="{unique_id}-seen"><rect x="0" y="0" width="{terminal_width}"
    height="{terminal_seen}" /></clipPath>
{lines}
</defs>
<rect fill="#292929" x="1" y="1" width="{frame}" height="{frame_height}" rx="8" />
<g transform="translate({terminal_x}, 12)" clip-path="url(#{unique_id}-seen)">
<g class="moved">{backgrounds}<g class="{unique_id}-matrix">{matrix}</g></g>
</g>
</svg>
"""


def run(*arguments: str, dsn: str | None = None) -> str:
    """Return what the command prints on a terminal of WIDTH columns."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ENGAGEMENT_", "NO_COLOR"))}
    environment = {**kept, "COLUMNS": str(WIDTH), "FORCE_COLOR": "1", "PYTHONUTF8": "1"}
    if dsn:
        environment["DATABASE_URL"] = dsn
    done = subprocess.run(
        [Path(sys.executable).with_name("engagement"), *arguments],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True,
    )  # fmt: skip
    return done.stdout


def recorded(text: str) -> rich.console.Console:
    """Return a console that has printed what a terminal shows."""
    console = rich.console.Console(record=True, width=WIDTH, file=io.StringIO())
    console.print(rich.text.Text.from_ansi(text))
    return console


def still(text: str, title: str) -> str:
    """Return a picture of a terminal with this text."""
    theme = rich.terminal_theme.MONOKAI
    drawn = recorded(text).export_svg(title=title, theme=theme, unique_id="card")
    # A picture loads nothing from elsewhere.
    return re.sub(r"@font-face \{.*?\}\s*|<!--.*?-->\s*", "", drawn, flags=re.DOTALL)


def scrolling(text: str) -> str:
    """Return a picture of a terminal by which a long text scrolls."""
    count = len(text.splitlines())
    height = SEEN * LINE
    frame = WIDTH * 12.2 + 18
    template = SCROLLING
    for name, value in {
        "seen_height": f"{height + 26:.0f}",
        "seconds": f"{count / PACE:.0f}",
        "distance": f"{max(0, count - SEEN) * LINE:.0f}",
        "terminal_seen": f"{height:.0f}",
        "frame": f"{frame - 2:.0f}",
        "frame_height": f"{height + 24:.0f}",
    }.items():
        template = template.replace("{" + name + "}", value)
    return recorded(text).export_svg(
        theme=rich.terminal_theme.MONOKAI, code_format=template, unique_id="demo"
    )


def report_page(path: Path, page: Path) -> None:
    """Write a picture of a page's beginning; nothing without Playwright or a Chromium."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return
    if not chromium:
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        window = browser.new_page(viewport={"width": 1100, "height": 1250})
        window.goto(page.as_uri())
        window.screenshot(path=path)
        browser.close()


def write(folder: Path) -> None:
    """Write the pictures into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    said = run("demo", "--keep")
    lines = re.sub(r"\x1b\[[0-9;]*m", "", said).splitlines()
    dsn = next(line.split("'")[1] for line in lines if "export DATABASE_URL=" in line)
    stop = next(line.strip() for line in reversed(lines) if "pg_ctl" in line)
    try:
        # What the end says is for whoever keeps the server.
        story, _, _ = said.rpartition("16. Try next")
        (folder / "demo.svg").write_text(scrolling(story), "utf-8")
        card = run("score", "2004", dsn=dsn)
        (folder / "card.svg").write_text(still(card, "engagement score 2004"), "utf-8")
        with tempfile.TemporaryDirectory() as made:
            page = Path(made) / "report.html"
            run("report", "--out", str(page), dsn=dsn)
            report_page(folder / "report.png", page)
    finally:
        subprocess.run(["sh", "-c", stop], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
