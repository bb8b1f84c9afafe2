"""The pages as people see them: in a real Chromium, wide and narrow, light and dark, in print."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

Connection = psycopg.Connection[Any]

PAGES = {
    "overview": ["--title", "Guild of Testers"],
    "person": ["--customer", "769"],
    "company": ["--customer", "1"],
}


@pytest.fixture(scope="module", params=PAGES)
def file(request: pytest.FixtureRequest, sample: Connection, tmp_path_factory: Any) -> Path:
    """A page about the sample association."""
    from click.testing import CliRunner

    from engagement_runner.cli import main

    out: Path = tmp_path_factory.mktemp("pages") / f"{request.param}.html"
    done = CliRunner().invoke(
        main, ["report", "--out", str(out), *PAGES[request.param]],
        env={"ENGAGEMENT_DSN": sample.info.dsn},
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    return out


@pytest.fixture
def opened(browser: Any, file: Path) -> Any:
    """``opened(width, scheme)``: the page in a window of its own, which fails on any error."""
    contexts, errors = [], []

    def open_page(width: int = 1280, scheme: str = "light") -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: errors.append(message.text))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: errors.append(request.url)
                if request.url != file.as_uri() else None)  # fmt: skip
        page.goto(file.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_page_has_no_violation_of_accessibility(
    opened: Callable[..., Any], width: int, scheme: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = opened(width, scheme)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    # It did look: contrast was computed for most of the text.
    passed = {rule["id"] for rule in found.response["passes"]}
    known = set(page.evaluate("axe.getRules().map(rule => rule.ruleId)"))
    sought = {"color-contrast", "th-has-data-cells", "svg-img-alt", "region"} & known
    assert sought and sought <= passed


@pytest.mark.parametrize("width", [1280, 768, 360])
def test_page_is_no_wider_than_the_window(opened: Callable[..., Any], width: int) -> None:
    page = opened(width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if width == 1280:  # no table is cut off; on a phone they scroll
        cut_off = page.evaluate(
            "[...document.querySelectorAll('.scroll')].filter(box =>"
            " box.scrollWidth > box.clientWidth).map(box => box.getAttribute('aria-label'))"
        )
        assert cut_off == []
    # Letters of charts keep their size on a phone, and names have a line of their own.
    sizes = page.evaluate(
        "[...document.querySelectorAll('.chart')].map(svg =>"
        " 13 * svg.getBoundingClientRect().width / svg.viewBox.baseVal.width)"
    )
    assert sizes and min(sizes) >= (12 if width == 360 else 10)
    names = page.evaluate(
        "[...document.querySelectorAll('tbody th')].filter(name => name.clientWidth)"
        ".map(name => name.clientWidth)"
    )
    assert names and (width > 360 or min(names) > 250)
    # And what is drawn is to be seen.
    heights = page.evaluate(
        "[...document.querySelectorAll('.chart')].map(svg => Math.max("
        "...[...svg.querySelectorAll('.series .line, .series .rect')].map("
        "mark => mark.getBoundingClientRect().height)))"
    )
    assert min(heights) > 10, heights


def test_page_dark_and_light_differ(opened: Callable[..., Any]) -> None:
    colours = [
        opened(scheme=scheme).evaluate(
            "[getComputedStyle(document.body).backgroundColor,"
            " getComputedStyle(document.body).color,"
            " getComputedStyle(document.querySelector('.chart .series .line,"
            " .chart .series rect')).fill + getComputedStyle(document.querySelector("
            "'.chart .series .line, .chart .series rect')).stroke]"
        )
        for scheme in ("light", "dark")
    ]
    assert all(light != dark for light, dark in zip(*colours, strict=True))


def test_page_works_with_the_keyboard(opened: Callable[..., Any]) -> None:
    page = opened()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    details = page.locator("details").first
    details.locator("summary").focus()
    page.keyboard.press("Enter")
    assert details.evaluate("d => d.open")
    assert details.locator("table").is_visible()


def test_page_prints_black_on_white_without_what_needs_a_screen(
    opened: Callable[..., Any],
) -> None:
    page = opened(scheme="dark")
    page.emulate_media(media="print")
    assert not page.locator("nav").is_visible()
    assert not page.locator("summary").first.is_visible()
    assert page.locator("details table").first.is_visible()  # the table behind the chart
    pdf = page.pdf(format="A4")
    assert pdf.startswith(b"%PDF") and len(re.findall(rb"/Type\s*/Page\b", pdf)) >= 1
    colour = page.evaluate("getComputedStyle(document.body).color")
    assert max(map(int, re.findall(r"\d+", colour)[:3])) < 60, colour
