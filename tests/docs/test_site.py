"""The documentation site: built without a warning, complete, and alone with itself."""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg
import pytest

from docs.pages import TOP
from patience import PATIENCE

pytestmark = pytest.mark.once  # the site is the same, whatever server tells its reference

PROPERDOCS = Path(sys.executable).with_name("properdocs")


class Document(HTMLParser):
    """What a page loads, where it leads, and its anchors."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect references."""
        found = {name: value for name, value in attrs if value is not None}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        elif tag != "a":
            is_canonical = found.get("rel") in ("canonical", "next", "prev")
            self.loads += [
                found[key] for key in ("src", "href") if key in found and not is_canonical
            ]
        self.anchors |= {found[key] for key in ("id", "name") if key in found}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [PROPERDOCS, "build", "--quiet", "--strict", "--site-dir", folder],
        cwd=TOP,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return folder


def test_site_pages_load_nothing_from_elsewhere(site: Path) -> None:
    documents = {path: Document(path) for path in site.rglob("*.html")}
    assert len(documents) > 12
    for path, document in documents.items():
        for reference in document.loads:
            parts = urlsplit(reference)
            assert not parts.scheme and not parts.netloc, f"{path.name} loads {reference}"
            assert (path.parent / parts.path).exists() or path.name == "404.html"
    for style in site.rglob("*.css"):
        assert "url(http" not in style.read_text() and "@import" not in style.read_text()


def test_site_has_a_manual_page_of_every_command(site: Path) -> None:
    names = {path.name for path in (site / "man").iterdir()}
    assert {"engagement.1", "engagement-score.1", "engagement-rules-apply.1"} <= names
    assert len(names) > 50
    text = (site / "man/engagement-score.1").read_text()
    assert ".SH SYNOPSIS" in text and "score card" in text


def test_site_pictures_are_of_a_run(site: Path) -> None:
    demo, card = ((site / f"images/{name}.svg").read_text() for name in ("demo", "card"))
    for text in (demo, card):
        assert not re.search(r"https?://(?!www\.w3\.org)", text)
        assert "CHAMPION" in text
    assert "Proven" in html.unescape(demo)
    assert "ends&#160;next" in card.lower() or "ends next" in html.unescape(card).lower()


def test_site_links_lead_to_a_page_and_its_anchor(site: Path) -> None:
    documents = {path.resolve(): Document(path) for path in site.rglob("*.html")}
    broken = []
    for path, document in documents.items():
        if path.name == "404.html":
            continue
        for link in document.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchor = unquote(parts.fragment)
            if target.suffix in (".json", ".yml") and target.is_file():
                continue
            if target not in documents or (anchor and anchor not in documents[target].anchors):
                broken.append(f"{path.name}: {link}")
    assert broken == []


def test_site_reference_has_every_table_routine_and_parameter(
    site: Path, deployed: psycopg.Connection[tuple[str]]
) -> None:
    tables = (site / "reference/tables.html").read_text()
    routines = (site / "reference/routines.html").read_text()
    parameters = (site / "reference/parameters.html").read_text()
    for page, query in (
        (tables, "select tablename from pg_tables where schemaname in ('engagement',"
         " 'engagement_meta')"),
        (routines, "select distinct proname::text from pg_proc where pronamespace ="
         " 'engagement'::regnamespace and proname !~ '__' and prorettype <> 'trigger'::regtype"),
        (parameters, "select parameter_name from engagement.app_parameter"),
    ):  # fmt: skip
        names = [row[0] for row in deployed.execute(query.encode())]
        assert len(names) > 5
        assert [name for name in names if name not in page] == []


def test_site_search_loads_scripts_alone(site: Path) -> None:
    folder = site / "search"
    assert {path.name for path in folder.iterdir()} == {"lunr.js", "main.js", "search_index.js"}
    script = (folder / "main.js").read_text()
    assert not re.search(r"\bWorker\(|XMLHttpRequest|fetch\(|getScript|importScripts", script)


def test_site_search_from_a_folder_finds_pages(site: Path) -> None:
    names = ("chromium", "chromium-browser", "google-chrome")
    chromium = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if not chromium:
        pytest.skip("no Chromium is installed")
    # In a thread of its own: another test of this process may have a browser open.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(search_from_a_folder, chromium, site).result(timeout=PATIENCE)


def search_from_a_folder(chromium: str, site: Path) -> None:
    """Search as a reader does who has opened the site's files."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium)
        page = browser.new_page()
        errors: list[str] = []
        page.on("console", lambda message: errors.append(message.text))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto((site / "start.html").as_uri())
        page.locator("#rtd-search-form input[name=q]").fill("pg_dump")
        page.keyboard.press("Enter")
        page.locator("#properdocs-search-results h3 a[href*='operations.html']").first.wait_for()
        page.locator("#properdocs-search-query").fill("source:order")  # a field that is none
        page.locator("#properdocs-search-results h3 a").first.wait_for()
        page.locator("#properdocs-search-query").fill("nosuchword")
        page.get_by_text("No results found").wait_for()
        page.locator("#properdocs-search-query").fill("undeploy")
        page.locator("#properdocs-search-results h3 a").first.click()
        page.wait_for_load_state()
        assert "search.html" not in page.url
        browser.close()
    assert errors == []


def test_readme_links_lead_to_files() -> None:
    shown = re.sub(r"<!--.*?-->", "", (TOP / "README.md").read_text(), flags=re.DOTALL)
    links = [match for match in re.findall(r"\]\(([^)#]+)", shown) if "://" not in match]
    assert links
    assert [link for link in links if not (TOP / link).exists()] == []
