"""Charts of the report pages: static SVG drawn by Pygal, whose looks are the page's own style.

Pygal does the geometry: scales, ticks, labels. Its own style, script and tooltips are taken out, so
that one style sheet serves every chart, in light and dark and in print.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from xml.etree.ElementTree import Element

import pygal
from markupsafe import Markup
from pygal.style import Style

from engagement_runner.show import literal

WIDTH, HEIGHT = 560, 300
"""Size of a chart in its own units; the page scales it. Letters are those of the page then."""

Series = Sequence[tuple[str, Sequence[Any]]]
"""Names with their values, one a label."""

COLOURS = 12
"""How many colours the style sheet has; Pygal begins anew after them."""

_STYLE = Style(label_font_size=13, major_label_font_size=13, colors=("black",) * COLOURS)


def lines(title: str, labels: Sequence[str], series: Series, show: Callable[[Any], str]) -> Markup:
    """Return a line a series over *labels*; *show* writes a value. *title* is read out."""
    return _drawn(pygal.Line(dots_size=3, include_x_axis=True, **_settings(show)), title, labels,
                  series)  # fmt: skip


def stacked_bars(
    title: str, labels: Sequence[str], series: Series, show: Callable[[Any], str]
) -> Markup:
    """Return a bar a label, in which the series stand on each other."""
    return _drawn(pygal.StackedBar(spacing=4, **_settings(show)), title, labels, series)


def bars(
    title: str,
    labels: Sequence[str],
    values: Sequence[tuple[float, float, float]],
    show: Callable[[Any], str],
) -> Markup:
    """Return a bar a label for shares; *values* are each share and the ends of its interval."""
    name = literal(title)
    chart = pygal.Bar(spacing=12, range=(0, 1), **_settings(show))
    points = [
        {"value": value, "label": name, "ci": {"low": low, "high": high}}
        for value, low, high in values
    ]
    return _drawn(chart, title, labels, [(title, points)])


def _settings(show: Callable[[Any], str]) -> dict[str, Any]:
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "margin": 4,
        "margin_right": 28,  # half of the last label
        "style": _STYLE,
        "js": [],
        "show_legend": False,  # the page has one that wraps
        "truncate_label": -1,
        "value_formatter": show,
        "min_scale": 3,
        "max_scale": 8,
        "disable_xml_declaration": True,
    }


def _drawn(chart: Any, title: str, labels: Sequence[str], series: Series) -> Markup:
    chart.x_labels = labels
    for name, values in series:
        # What is shown where the mouse rests.
        label = literal(name)
        chart.add(
            label,
            [
                value if isinstance(value, dict) else {"value": value, "label": label}
                for value in values
            ],
        )

    def clean(root: Element) -> Element:
        # One image with one name to a screen reader; the table beside it has the numbers.
        root.attrib.pop("id", None)
        root.set("class", "chart")
        root.set("role", "img")
        root.set("aria-label", title)
        _prune(root)
        return root

    chart.add_xml_filter(clean)
    return Markup(chart.render())


def _prune(element: Element) -> None:
    """Take out what belongs to Pygal's script and style; a dot's value becomes its title."""
    for child in list(element):
        kind = child.tag if isinstance(child.tag, str) else "comment"
        classes = child.get("class", "").split()
        if kind in ("comment", "defs", "title") or {"tooltip-overlay", "text-overlay"} & {*classes}:
            element.remove(child)
            continue
        child.attrib.pop("id", None)
        _prune(child)
    descriptions = {child.get("class"): child for child in element.findall("desc")}
    for description in descriptions.values():
        element.remove(description)
    if "value" in descriptions:
        title = Element("title")
        words = [descriptions.get(part) for part in ("label", "x_label", "value")]
        title.text = ": ".join(str(word.text) for word in words if word is not None and word.text)
        element.append(title)
