"""What a page says, read with a parser of HTML: its tables by caption, and its text."""

from __future__ import annotations

from html.parser import HTMLParser


class Page(HTMLParser):
    """A page: ``tables`` has rows of cells by caption, the headings first; ``text`` all of it."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self._words: list[str] = []
        self._rows: list[list[str]] = []
        self._caption: list[str] | None = None
        self._cell: list[str] | None = None
        self._is_style = False
        self.feed(source)

    @property
    def text(self) -> str:
        """All that is written on the page, white space as one blank."""
        return " ".join(" ".join(self._words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs
        if tag == "table":
            self._rows = []
        elif tag == "caption":
            self._caption = []
        elif tag == "tr":
            self._rows.append([])
        elif tag in ("th", "td"):
            self._cell = []
        self._is_style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        if tag == "caption" and self._caption is not None:
            name = " ".join("".join(self._caption).split())
            assert name not in self.tables, name
            self.tables[name] = self._rows
            self._caption = None
        elif tag in ("th", "td") and self._cell is not None:
            self._rows[-1].append(" ".join("".join(self._cell).split()))
            self._cell = None
        self._is_style = False

    def handle_data(self, data: str) -> None:
        if self._is_style:
            return
        self._words.append(data)
        for part in (self._caption, self._cell):
            if part is not None:
                part.append(data)

    def body(self, caption: str) -> list[list[str]]:
        """Rows of a table without its headings."""
        return self.tables[caption][1:]
