"""The pages of `engagement report`: their numbers are the database's, their text is only text."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from babel.dates import format_date, format_datetime, format_skeleton
from babel.numbers import format_decimal, parse_decimal
from click.testing import CliRunner

from engagement_runner import queries
from engagement_runner.cli import main
from patience import PATIENCE
from report.html import Page

Connection = psycopg.Connection[Any]
Report = Callable[..., Any]


def one_line(text: str) -> str:
    """Text as a page says it: white space as one blank."""
    return " ".join(text.split())


def number(value: Any, locale: str = "en") -> str:
    """A number with all its digits, as Babel writes it."""
    if value is None:
        return ""
    places = -int(Decimal(value).as_tuple().exponent)
    form = "#,##0" + ("." + "0" * places if places > 0 else "")
    return one_line(format_decimal(value, form, locale, decimal_quantization=False))


def padded(values: Iterable[Any]) -> list[str]:
    """A column of numbers, all with as many decimals as the one that has most."""
    exact_values = [Decimal(value) for value in values]
    places = max(-int(value.as_tuple().exponent) for value in exact_values)
    return [number(value.quantize(Decimal(1).scaleb(-places))) for value in exact_values]


def cents(value: Any) -> str:
    """A number with two decimals."""
    return "" if value is None else number(Decimal(str(value)).quantize(Decimal("0.01")))


def day(value: dt.datetime | None, locale: str = "en") -> str:
    """A date as Babel writes it."""
    return "" if value is None else one_line(format_date(value, "medium", locale))


def exact(cell: str) -> Decimal:
    """The number in a cell, as Babel reads it."""
    return Decimal(parse_decimal(cell.strip("%"), "en"))


def rows(connection: Connection, query: str, *arguments: Any) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    return connection.execute(query, arguments or None).fetchall()


@pytest.fixture(scope="module")
def overview(sample: Connection) -> Page:
    """The page of everybody in the sample association."""
    done = CliRunner().invoke(
        main, ["report", "--out", "-", "--rows", "7", "--title", "The <b>Guild</b> & friends"],
        env={"ENGAGEMENT_DSN": sample.info.dsn},
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    return Page(done.stdout)


def test_overview_says_when_it_was_calculated_and_that_it_verified(
    sample: Connection, overview: Page
) -> None:
    ((finished,),) = rows(sample, "select max(finished_at) from engagement.recalculation_run")
    at = one_line(format_datetime(finished, "medium", tzinfo=finished.tzinfo, locale="en"))
    assert at in overview.text and "(full run)" in overview.text
    assert "Verified: all scores equal a recomputation from the source." in overview.text
    ((count, engaged, median),) = rows(
        sample, "select count(*), count(*) filter (where score > 0),"
        " percentile_disc(0.5) within group (order by score) from engagement.customer_score"
        " where ranked_type is not null"
    )  # fmt: skip
    assert f"Active customers {number(count)} With points {number(engaged)}" in overview.text
    assert f"Median score {number(median)}" in overview.text
    assert "The <b>Guild</b> & friends" in overview.text


def test_overview_history_is_that_of_the_ledger(sample: Connection, overview: Page) -> None:
    table = overview.tables["Points by category"]
    found = rows(sample, "select category_name, array_agg(points order by at) from"
                 " engagement.category_history(12) group by category_name"
                 " having bool_or(points <> 0)")  # fmt: skip
    assert {*table[0]} == {"At the end of", "All", *(name for name, _ in found)}
    assert len(table) == 14
    for name, points in found:
        column = table[0].index(name)
        assert [row[column] for row in table[1:]] == [number(p) for p in points], name
    sums = [sum(p) for p in zip(*(points for _, points in found), strict=True)]
    assert [row[-1] for row in table[1:]] == [number(s) for s in sums]


@pytest.mark.parametrize(("kind", "name"), [("INDIVIDUAL", "People"), ("COMPANY", "Companies")])
def test_overview_distribution_and_bands_are_those_of_the_scores(
    sample: Connection, overview: Page, kind: str, name: str
) -> None:
    bands = rows(
        sample, "select coalesce(b.label, 'No band'), count(s.customer_id), min(s.score),"
        " max(s.score), round(count(s.customer_id) / sum(count(s.customer_id)) over (), 3)"
        " from engagement.score_band b full join (select * from engagement.customer_score"
        " where ranked_type = %s) s using (band_code) group by 1", kind
    )  # fmt: skip
    shown = {row[0]: row[2:] for row in overview.body(f"{name} by band")}
    assert {band: row[0] for band, row in shown.items()} == {b: number(n) for b, n, *_ in bands}
    assert len(shown) >= 4
    for band, _, low, high, part in bands:
        assert exact(shown[band][1]) == part * 100
        assert shown[band][2:] == [cents(low), cents(high)]
    first = overview.body(f"{name} by band")[0]
    assert first[:2] == ["Top five per cent", "percentile 95"]
    table = overview.tables[f"{name} by score"]
    for band, count, *_ in bands:
        if count == 0:
            continue
        column = table[0].index(band)
        assert sum(exact(row[column]) for row in table[1:]) == count
    assert len(table) == 23


@pytest.mark.parametrize(
    ("caption", "segment"), [("Who rose most", "rising"), ("Who fell most", "falling")]
)
def test_overview_movement_is_that_of_the_segments(
    sample: Connection, overview: Page, caption: str, segment: str
) -> None:
    found = rows(sample, "select display_name, customer_id::text, score, segment_value"
                 " from engagement.segment(%s)", segment)  # fmt: skip
    assert len(found) > 7
    names, keys, scores, values = zip(*found[:7], strict=True)
    assert overview.body(caption) == [
        list(row) for row in zip(names, keys, padded(scores), padded(values), strict=True)
    ]
    assert f"{number(len(found) - 7)} more are not shown." in overview.text


@pytest.mark.parametrize(("name", "kind"), [("People", "INDIVIDUAL"), ("Companies", "COMPANY")])
def test_overview_at_risk_is_who_will_fall(
    sample: Connection, overview: Page, name: str, kind: str
) -> None:
    found = rows(sample, "select display_name, customer_id::text, a.score, future_score, fall,"
                 " b.label, coalesce(f.label, '') from engagement.at_risk(8) a"
                 " join engagement.score_band b on b.band_code = a.band_code"
                 " join engagement.customer_score s using (customer_id)"
                 " left join engagement.score_band f on f.band_code = a.future_band_code"
                 " where s.ranked_type = %s order by fall desc, customer_id", kind)  # fmt: skip
    assert found
    columns = [*zip(*found[:7], strict=True)]
    columns[2:5] = map(padded, columns[2:5])
    assert overview.body(f"{name} at risk") == [list(row) for row in zip(*columns, strict=True)]


@pytest.mark.parametrize(
    ("caption", "dimension"),
    [("Categories", "CATEGORY"), ("Rules", "RULE"), ("Products and committees", "SUBJECT")],
)
def test_overview_points_are_those_that_count(
    sample: Connection, overview: Page, caption: str, dimension: str
) -> None:
    found = rows(
        sample, "select coalesce(nullif(label, ''), dimension_key), counting_points,"
        " round(counting_points / sum(counting_points) over (), 3), points, customer_count"
        " from engagement.points_by(%s) order by counting_points desc, points desc, dimension_key",
        dimension,
    )  # fmt: skip
    assert [[*row[:2], exact(row[2]) / 100, *row[3:]]
            for row in overview.body(caption)] == [
        [" ".join(label.split()), counting, part, points, number(customers)]
        for (label, _, part, _, customers), counting, points in zip(
            found[:7], *(padded(row[n] for row in found[:7]) for n in (1, 3)), strict=True)
    ]  # fmt: skip
    ((total,),) = rows(sample, "select sum(own_score) from engagement.customer_score")
    assert sum(row[1] for row in found) == total


def test_overview_companies_are_those_of_their_cards(sample: Connection, overview: Page) -> None:
    found = rows(
        sample, "select engagement.score_card(s.customer_id, engagement.scored_at())"
        " from engagement.customer_score s where s.ranked_type = 'COMPANY'"
        " order by s.score desc, s.customer_id limit 7"
    )  # fmt: skip
    shown = overview.body("Companies")
    assert [row[0] for row in shown] == [card["display_name"] for (card,) in found]
    for row, (card,) in zip(shown, found, strict=True):
        scores = [Decimal(str(card[key])) for key in ("score", "own_score", "employee_score")]
        assert [exact(cell) for cell in row[2:5]] == scores
        assert row[5:7] == [number(card["employee_count"]), number(card["engaged_count"])]
        assert exact(row[7]) == Decimal(str(card["participation_rate"])) * 100
        assert exact(row[8]) == Decimal(str(card["average_score"]))


def test_overview_tells_of_outcomes_what_a_backtest_does(
    sample: Connection, overview: Page
) -> None:
    ((told,),) = rows(sample, "select engagement.backtest('RENEWAL')")
    assert told["verdict"] == "HIGHER"
    fifths = overview.body("RENEWAL: rate by fifth of the scores")
    assert len(fifths) == len(told["groups"]) == 5
    for row, group in zip(fifths, told["groups"], strict=True):
        assert row[0] == group["group"]
        assert row[3:5] == [number(group["outcome_count"]), number(group["happened_count"])]
        for cell, key in zip(row[5:8], ("rate", "rate_low", "rate_high"), strict=True):
            assert float(exact(cell)) == pytest.approx(100 * group[key], abs=0.0501)
    assert "Does the score tell who renews?" in overview.text
    assert f"Higher scores came before it: in the highest fifth it happened in {fifths[0][5]}," in (
        overview.text
    )
    parts = overview.body("RENEWAL: categories and rules")
    assert len(parts) == len(told["parts"]) > 5
    for row, part in zip(parts, told["parts"], strict=True):
        assert exact(row[2]) == part["outcome_count"]
        assert float(exact(row[6])) == pytest.approx(part["adds"], abs=0.000501)
        if part["is_thin"]:
            assert row[9] == "too few"
        else:
            assert (row[9] == "carries it") == (part["adds_low"] > 0)
            assert (row[9] == "in the way") == (part["adds_high"] < 0)
    assert {row[9] for row in parts} >= {"carries it", "too few", "not shown"}


def test_report_of_outcomes_before_anybody_had_points_says_so(
    deployed: Connection, report: Report
) -> None:
    deployed.execute(
        "insert into crm.customer (customer_id, display_name)"
        " select crm.key_of(n), 'Somebody' from generate_series(1, 60) n"
    )
    deployed.execute(
        "create view engagement_host.early as select c.customer_id::engagement.host_key as"
        " customer_id, '2010-01-01'::timestamptz as decided_at, c.customer_id::bigint % 2 = 0 as"
        " happened, null::numeric as value from crm.customer c"
    )
    deployed.execute("call engagement.register_outcome('EARLY', 'engagement_host.early')")
    deployed.execute("call engagement.recalculate()")
    done = report(deployed)
    assert done.exit_code == 0, done.stderr
    assert "30 of 60 happened, 50%. All had the same score 90 days before" in Page(done.stdout).text


def test_report_of_an_outcome_that_cannot_be_read_says_so(
    deployed: Connection, report: Report
) -> None:
    deployed.execute(
        "create view engagement_host.broken as select crm.key_of(1)::engagement.host_key as"
        " customer_id, now() as decided_at, true as happened, 1 / 0::numeric as value"
    )
    deployed.execute("call engagement.register_outcome('BROKEN', 'engagement_host.broken')")
    done = report(deployed)
    assert done.exit_code == 0, done.stderr
    text = Page(done.stdout).text
    assert "BROKEN cannot be read: " in text and "division by zero" in text
    assert "Does the score tell what happens?" in text
    assert "Too few to tell: 0 happened, 0 did not." in text


@pytest.mark.parametrize("customer", [769, 1])
def test_customer_page_is_the_score_card(sample: Connection, report: Report, customer: int) -> None:
    done = report(sample, "--customer", str(customer))
    assert done.exit_code == 0, done.stderr
    page = Page(done.stdout)
    ((card,),) = rows(sample, "select engagement.score_card(%s)", customer)
    assert page.text.count(card["display_name"]) >= 2
    assert f"{cents(card['score'])} points" in page.text
    table = page.body("What the score is made of")
    expected = []
    for category in card["categories"]:
        ((name,),) = rows(sample, "select category_name from engagement.category"
                          " where category_code = %s", category["category_code"])  # fmt: skip
        expected.append((name, category, None))
        expected += [
            (rule["description"] or rule["rule_code"], rule, rule["award_count"])
            for rule in category["rules"]
        ]
    assert [row[0] for row in table] == [name for name, *_ in expected]
    is_company = card["customer_type"] == "COMPANY"
    keys = ["employee_score"] * is_company + ["score", "ytd_score", "overview_score"]
    for row, (_, item, count) in zip(table, expected, strict=True):
        for cell, key in zip(row[1:-1], keys, strict=True):
            if key in item:
                assert exact(cell) == Decimal(str(item[key]))
            else:
                assert cell == ""
        assert row[-1] == number(count)
    own = [Decimal(str(point)) for point in
           (*(month["score"] for month in card["trend"]), card["own_score"])]  # fmt: skip
    if is_company:
        trend = page.body("The score by month")
        assert [exact(row[2]) for row in trend] == own
        assert all(exact(row[1]) + exact(row[2]) == exact(row[3]) for row in trend)
        assert exact(trend[-1][1]) == Decimal(str(card["employee_score"]))
    else:
        trend = page.body("Own points by month")
        assert [exact(row[1]) for row in trend] == own
    assert trend[-1][0] == "now"
    ends = rows(sample, "select activity, expires_at, days_left, points"
                " from engagement.explain_score(%s)"
                " where expires_at <= now() + interval '1 year' order by expires_at, points desc,"
                " source, source_id limit 25", customer)  # fmt: skip
    assert ends
    assert [(row[0], row[2], row[3], exact(row[4]))
            for row in page.body("Points that end")] == [
        (activity or "\u2013", day(at), number(left), points) for activity, at, left, points in ends
    ]  # fmt: skip
    forecast = rows(sample, "select score from engagement.forecast(%s)", customer)
    assert [exact(row[-1]) for row in page.body("If nothing happens")] == [
        score for (score,) in forecast
    ]
    if customer == 1:
        people = rows(sample, "select display_name, points, own_score"
                      " from engagement.company_people(1) limit 25")  # fmt: skip
        assert [(row[0], exact(row[2]), exact(row[3]))
                for row in page.body("Its people")] == people  # fmt: skip
        assert "Its people's points" in page.text and "Employers" not in page.tables
    else:
        assert "Its people" not in page.tables


def test_report_text_of_the_database_stays_text(deployed: Connection, report: Report) -> None:
    evil = "</title><script>alert(1)</script>\x1b[31m\u202e<img src=x onerror=alert(2)>"
    deployed.execute("insert into crm.product values ('P', 'C', %s)", (evil,))
    ((key,),) = rows(deployed, "insert into crm.customer (customer_type, display_name)"
                     " values ('INDIVIDUAL', %s) returning customer_id", evil)  # fmt: skip
    deployed.execute(
        "select engagement.add_rule('EVIL', 'INVOLVEMENT', 'PRODUCT_PURCHASE', 'ORDER_CREATION',"
        " p_quantity_score => 2, p_valid_for_weeks => 8, p_description => %s)", (evil,)
    )  # fmt: skip
    deployed.execute("update engagement.category set category_name = %s"
                     " where category_code = 'INVOLVEMENT'", (evil,))  # fmt: skip
    deployed.execute("insert into engagement.score_band values ('E', %s, 1)", (evil,))
    deployed.execute(
        "with o as (insert into crm.sales_order (ordered_at) values (now() - interval '1 day')"
        " returning order_id)"
        " insert into crm.order_line (order_id, ship_customer_id, product_id, quantity, amount)"
        " select order_id, %s, 'P', 5, 100 from o", (key,)
    )  # fmt: skip
    deployed.execute("call engagement.recalculate('FULL')")
    shown = evil.replace("\x1b", "\\x1b").replace("\u202e", "\\u202e")
    for arguments, count in (((), 8), (("--customer", str(key)), 5)):
        done = report(deployed, "--title", evil, *arguments)
        assert done.exit_code == 0, done.stderr
        page = Page(done.stdout)
        assert not {"script", "img", "iframe", "object", "embed", "link"} & page.tags
        assert not [name for name, _ in page.attributes if name.startswith("on")]
        assert page.text.count(shown) >= count
        assert "\x1b" not in done.stdout and "\u202e" not in done.stdout


@pytest.mark.parametrize("locale", ["de_CH", "de_DE", "fr"])
def test_report_writes_numbers_and_dates_in_zone_and_locale(
    deployed: Connection, report: Report, locale: str
) -> None:
    """How a locale writes them is for Babel to say; every digit is shown, on Tokyo's days."""
    for name, value in (("LOCALE", locale), ("TIME_ZONE", "Asia/Tokyo")):
        deployed.execute("select engagement.set_parameter(%s, %s)", (name, value))
    ((key,),) = rows(deployed, "insert into crm.customer (customer_type, display_name)"
                     " values ('INDIVIDUAL', 'Ann') returning customer_id")  # fmt: skip
    deployed.execute(
        "select engagement.add_rule('BOUGHT', 'INVOLVEMENT', 'PRODUCT_PURCHASE', 'ORDER_CREATION',"
        " p_amount_score => 1)"
    )
    deployed.execute("insert into crm.product values ('P', 'C', 'P')")
    deployed.execute(
        "with o as (insert into crm.sales_order (ordered_at) values ('2026-01-01') returning"
        " order_id) insert into crm.order_line (order_id, ship_customer_id, product_id, quantity,"
        " amount) select order_id, %s, 'P', 1, 1234567.5 from o", (key,)
    )  # fmt: skip
    deployed.execute("call engagement.recalculate('FULL', p_as_of => '2026-06-30 20:00+00')")
    page = Page(report(deployed).stdout)
    written = number(Decimal("1234567.50"), locale)
    assert [digit for digit in written if digit.isdigit()] == [*"123456750"]
    ((rule, counting, _, earned, customers),) = page.body("Rules")
    assert (rule, counting, earned, customers) == ("BOUGHT", written, written, "1")
    last, first = page.body("Points by category")[-1][0], page.body("Points by category")[0][0]
    assert last == day(dt.datetime(2026, 7, 1), locale)
    assert first == one_line(format_skeleton("yMMM", dt.datetime(2025, 7, 31), locale=locale))
    assert "Asia/Tokyo" in page.text


def test_locales_of_this_file_differ() -> None:
    """Or the test above could not see that the locale is taken."""
    assert number(Decimal("1234567.50"), "de_DE") != number(Decimal("1234567.50"))
    assert day(dt.datetime(2026, 7, 1), "fr") != day(dt.datetime(2026, 7, 1))


def test_report_is_of_one_instant_whatever_is_written_meanwhile(
    deployed: Connection, report: Report, databases: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = databases.connect(deployed.info.dsn)
    add = "insert into crm.customer (customer_type, display_name) values ('INDIVIDUAL', 'Ann')"
    deployed.execute(add)
    deployed.execute("call engagement.recalculate('FULL')")
    read, written = queries.rows, []

    def read_while_others_write(connection: Any, name: str, /, **parameters: Any) -> Any:
        if name == "report_distribution" and not written:
            written.append(other.execute(add))
            other.execute("call engagement.recalculate()")
        return read(connection, name, **parameters)

    monkeypatch.setattr(queries, "rows", read_while_others_write)
    page = Page(report(deployed).stdout)
    assert written and "Active customers 1 " in page.text
    assert sum(int(row[1]) for row in page.body("People by score")) == 1
    assert "Active customers 2 " in Page(report(deployed).stdout).text


def test_report_locale_that_nobody_knows_is_written_in_en(
    deployed: Connection, report: Report
) -> None:
    usual = report(deployed)
    assert "warning" not in usual.stderr
    deployed.execute("select engagement.set_parameter('LOCALE', 'xx_YY')")
    done = report(deployed)
    assert (done.exit_code, len(done.stdout)) == (0, len(usual.stdout))
    assert "xx_YY" in done.stderr and "params set LOCALE" in done.stderr


def test_report_of_nobody_says_so(deployed: Connection, report: Report) -> None:
    done = report(deployed)
    assert done.exit_code == 0, done.stderr
    page = Page(done.stdout)
    assert "No run over everybody has been completed yet" in page.text
    assert "There are no active customers with a score." in page.text
    assert page.tables == {}


def test_report_says_what_verifying_found(
    deployed: Connection, report: Report, tmp_path: Path
) -> None:
    for number_ in range(3):
        deployed.execute("insert into crm.customer (customer_type, display_name)"
                         " values ('INDIVIDUAL', %s)", (str(number_),))  # fmt: skip
    deployed.execute("call engagement.recalculate('FULL')")
    part = Page(report(deployed, "--verify", "100%").stdout).text
    assert "Verified: the scores of 100 % of the customers equal a recomputation" in part
    assert "Not verified for this page." in Page(report(deployed, "--verify", "none").stdout).text
    deployed.execute("insert into crm.customer (customer_type, display_name) values"
                     " ('INDIVIDUAL', 'New')")  # fmt: skip
    assert "but for what is still queued" in Page(report(deployed).stdout).text
    deployed.execute("update engagement.customer_score set score = 4711 where customer_id = 1")
    done = report(deployed)
    assert done.exit_code == 3
    assert "Verifying all scores found" in Page(done.stdout).text
    assert "engagement verify" in done.stderr
    refused = report(deployed, "--verify", "most")
    assert (refused.exit_code, refused.stdout) == (2, "")


def test_report_is_written_whole_or_not_at_all(
    deployed: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENGAGEMENT_DSN", deployed.info.dsn)

    def write(out: Path, *arguments: str) -> Any:
        return CliRunner().invoke(main, ["report", "--out", str(out), *arguments])

    out, link = tmp_path / "report.html", tmp_path / "link.html"
    done = write(out)
    assert (done.exit_code, done.stdout) == (0, "")
    assert out.read_text().rstrip().endswith("</html>")
    assert out.stat().st_mode & 0o777 == 0o600
    before = out.read_text()
    unknown = write(out, "--customer", "4711")
    assert unknown.exit_code == 1 and "EG001" in unknown.stderr
    assert out.read_text() == before
    # A link stays a link, and a file keeps who may read it.
    link.symlink_to(out)
    out.chmod(0o644)
    assert write(link, "--title", "Another").exit_code == 0
    assert link.is_symlink() and "Another" in out.read_text()
    assert out.stat().st_mode & 0o777 == 0o644
    assert {*tmp_path.iterdir()} == {out, link}
    for unwritable in (tmp_path / "missing" / "report.html", tmp_path):
        refused = write(unwritable)
        assert refused.exit_code != 0 and refused.stdout == ""
        assert not isinstance(refused.exception, OSError)


def test_report_without_room_leaves_nothing(deployed: Connection, tmp_path: Path) -> None:
    """A limit on the size of files stands for a full disk."""
    out = tmp_path / "report.html"
    out.write_text("what was there")
    program = Path(sys.executable).with_name("engagement")
    done = subprocess.run(
        ["bash", "-c", f"trap '' XFSZ; ulimit -f 2; exec {program} report --out {out}"],
        env={**os.environ, "ENGAGEMENT_DSN": deployed.info.dsn},
        capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 1
    assert "cannot write" in done.stderr and "Traceback" not in done.stderr
    assert [*tmp_path.iterdir()] == [out] and out.read_text() == "what was there"


def test_report_to_a_pipe_leaves_it_a_pipe(deployed: Connection, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE, text=True) as reader:
        done = CliRunner().invoke(
            main, ["report", "--out", str(pipe)], env={"ENGAGEMENT_DSN": deployed.info.dsn}
        )
        read = reader.communicate(timeout=PATIENCE)[0]
    assert done.exit_code == 0, done.stderr
    assert read.rstrip().endswith("</html>") and pipe.is_fifo()


def test_report_names_that_are_alike_lose_nothing(deployed: Connection, report: Report) -> None:
    """Categories and bands are known by their codes, whatever they are called."""
    run = deployed.execute
    run("update engagement.category set category_name = 'at'"
        " where category_code in ('INVOLVEMENT', 'PURCHASES_DONATIONS')")  # fmt: skip
    run("update engagement.category set category_name = 'total_points'"
        " where category_code = 'SOCIAL_COMMUNITY'")  # fmt: skip
    run("insert into engagement.score_band values ('A', 'No band', 20), ('B', 'No band', 5),"
        " ('C', 'score', 2)")  # fmt: skip
    run("insert into crm.product values ('P', 'C', 'P'), ('Q', 'D', 'Q')")
    run("select engagement.add_rule('P', 'INVOLVEMENT', 'PRODUCT_PURCHASE', 'ORDER_CREATION',"
        " p_subject_id => 'P', p_amount_score => 1),"
        " engagement.add_rule('Q', 'PURCHASES_DONATIONS', 'PRODUCT_PURCHASE', 'ORDER_CREATION',"
        " p_subject_id => 'Q', p_amount_score => 1)")  # fmt: skip
    for product, amount in (("P", 7), ("Q", 30), ("Q", 3), ("P", 0)):
        run(
            "with c as (insert into crm.customer (customer_type, display_name)"
            " values ('INDIVIDUAL', 'Somebody') returning customer_id), o as ("
            " insert into crm.sales_order (ordered_at) values (now() - interval '1 day')"
            " returning order_id)"
            " insert into crm.order_line (order_id, ship_customer_id, product_id, quantity, amount)"
            " select order_id, customer_id, %s, 1, %s from o, c",
            (product, amount),
        )
    run("call engagement.recalculate('FULL')")
    done = report(deployed)
    assert done.exit_code == 0, done.stderr
    page = Page(done.stdout)
    history = page.tables["Points by category"]
    assert history[0] == ["At the end of", "at", "at", "All"]
    assert history[-1][1:] == ["7.00", "33.00", "40.00"]
    table = page.tables["People by score"]
    assert table[0] == ["Score", "No band", "No band", "score", "No band"]
    sums = [sum(int(row[column]) for row in table[1:]) for column in range(1, 5)]
    assert sums == [1, 1, 1, 1]
    assert [row[:3] for row in page.body("People by band")] == [
        ["No band", "20 points", "1"], ["No band", "5 points", "1"],
        ["score", "2 points", "1"], ["No band", "", "1"],
    ]  # fmt: skip


def test_report_before_any_run_is_not_called_verified(deployed: Connection, report: Report) -> None:
    deployed.execute("insert into crm.customer (customer_type, display_name) values"
                     " ('INDIVIDUAL', 'New')")  # fmt: skip
    deployed.execute("select engagement.set_parameter('SCORE_DECIMALS', '3')")
    text = Page(report(deployed).stdout).text
    assert "Verified:" not in text
    assert "must be compared by the next run first" in text
    deployed.execute("call engagement.recalculate('FULL')")
    assert "Verified: all scores equal" in Page(report(deployed).stdout).text
    deployed.execute("select engagement.set_parameter('CALCULATE_ENGAGEMENT_SCORE_POINTS', 'N')")
    assert "Scoring is switched off" in Page(report(deployed).stdout).text


def test_report_staff_may_write_it_unverified(deployed: Connection, report: Report) -> None:
    from engagement_runner.deploy import deploy

    deploy(deployed, roles=True)
    deployed.execute("call engagement.recalculate('FULL')")
    deployed.execute("drop role if exists report_reader")
    deployed.execute("create role report_reader login in role engagement_staff")
    try:
        dsn = psycopg.conninfo.make_conninfo(deployed.info.dsn, user="report_reader")
        done = CliRunner().invoke(main, ["report", "--out", "-"], env={"ENGAGEMENT_DSN": dsn})
        assert done.exit_code == 0, done.stderr
        assert "may not verify scores" in Page(done.stdout).text
    finally:
        deployed.execute("drop role report_reader")


@pytest.mark.slow
def test_report_on_100000_customers_stays_small(deployed: Connection, report: Report) -> None:
    deployed.execute("insert into crm.product select 'P' || i, 'C', 'Product ' || i"
                     " from generate_series(1, 5000) i")  # fmt: skip
    deployed.execute(
        "insert into crm.customer (customer_type, display_name) select"
        " case when i % 10 = 0 then 'COMPANY' else 'INDIVIDUAL' end, repeat('Name ', 20) || i"
        " from generate_series(1, 100000) i"
    )
    deployed.execute(
        "select engagement.add_rule('BOUGHT', 'INVOLVEMENT', 'PRODUCT_PURCHASE',"
        " 'ORDER_CREATION', p_amount_score => 1, p_valid_for_weeks => 52)"
    )
    deployed.execute(
        "insert into crm.sales_order (ordered_at)"
        " select now() - i * interval '1 day' from generate_series(1, 400) i"
    )
    deployed.execute(
        "insert into crm.order_line (order_id, ship_customer_id, product_id, quantity, amount)"
        " select (select min(order_id) from crm.sales_order) + i % 400,"
        "        (select min(customer_id) from crm.customer) + i, 'P' || 1 + i % 5000, 1, i % 977"
        " from generate_series(0, 99999) i"
    )
    deployed.execute("call engagement.recalculate('FULL')")
    done = report(deployed, "--rows", "100")
    assert done.exit_code == 0, done.stderr
    page = Page(done.stdout)
    assert f"Active customers {number(100_000)} " in page.text
    assert len(page.body("Who rose most")) == 100
    assert 50_000 < len(done.stdout.encode()) < 1_500_000


def test_page_of_a_category_is_of_its_points_alone(
    sample_template: str, databases: Any, report: Report
) -> None:
    session = databases.connect(databases.create(sample_template))
    session.execute("""
        select engagement.set_category('INVOLVEMENT', '{"counts_in_total": false}');
        insert into engagement.score_band (band_code, label, from_score, category_code)
        values ('ACTIVE', 'In the midst', 30, 'INVOLVEMENT'), ('TOTAL', 'Of the total', 1, null)
    """)
    session.execute("call engagement.recalculate()")
    result = report(session, "--category", "involvement", "--verify", "none")
    assert result.exit_code == 0, result.stderr
    page = result.stdout
    assert "Engagement: Involvement</h1>" in page
    assert "In the midst" in page
    for other in ("Of the total", "Purchases and donations", 'id="companies"', 'id="backtest"'):
        assert other not in page
    ((engaged,),) = session.execute(
        "select count(*) from engagement.standing('INVOLVEMENT')"
        " where ranked_type is not null and score > 0"
    ).fetchall()
    assert f"<dd>{engaged:,}" in page


def test_page_of_an_unknown_category_is_refused(deployed: Connection, report: Report) -> None:
    result = report(deployed, "--category", "none")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "EG005" in result.stderr
