"""CSV files of social community scores as rows: lines, columns, and what no row can hold."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator

import pytest

from engagement_runner import uploadfile
from engagement_runner.errors import EngagementError

HEADER = "customer,type,score\n"


def lines(content: bytes) -> io.TextIOWrapper:
    return io.TextIOWrapper(
        io.BytesIO(content), encoding="utf-8-sig", errors="surrogateescape", newline=""
    )


def rows(content: str | bytes, encoding: str = "utf-8") -> list[uploadfile.Row]:
    if isinstance(content, str):
        content = content.encode()
    return list(uploadfile.rows(lines(content), "f.csv", encoding))


def named(row: uploadfile.Row) -> dict[str, object]:
    """What a row says, without what it leaves out."""
    names = ("line", *uploadfile.COLUMNS, "reason")
    return {name: value for name, value in zip(names, row, strict=True) if value is not None}


@pytest.mark.parametrize(
    "header",
    [
        "customer,type,subtype,score,description,comments,system,scored_at,ends_at",
        "CUSTOMER_ID, Social_Type ,social_subtype,SCORE,description,Comments,Source_System"
        ",scored_at,ends_at",
    ],
)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_rows_every_column_by_any_of_its_names(header: str, mark: str, end: str) -> None:
    (row,) = rows(f"{mark}{header}{end}7,BLOG,POST,2.50,What,Why,HL,2025-01-01,2026-01-01{end}")
    assert named(row) == {
        "line": 2,
        "customer_id": "7",
        "social_type": "BLOG",
        "social_subtype": "POST",
        "score": "2.50",
        "description": "What",
        "comments": "Why",
        "source_system": "HL",
        "scored_at": "2025-01-01",
        "ends_at": "2026-01-01",
    }


def test_rows_columns_in_another_order_and_short_records() -> None:
    (row,) = rows("score,comments,type,customer,subtype\n1,,BLOG,7\n")
    assert named(row) == {
        "line": 2,
        "customer_id": "7",
        "social_type": "BLOG",
        "score": "1",
        "comments": "",
    }


def test_rows_line_is_where_the_record_begins() -> None:
    content = (
        "\n"
        "customer,type,score,comments\n"
        '1,A,1,"two\r\nlines"\n'
        "\n"
        " , ,\n"
        '2,A,1,"three\n\nlines"\n'
        "3,A,1,\n"
    )
    assert [(row[0], row[1]) for row in rows(content)] == [(3, "1"), (7, "2"), (10, "3")]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ("1,A,1,extra", "4 fields where the header has 3"),
        ("1,A\0,1", "type 'A\\x00' holds a NUL character"),
        ("1,\udce9,1", "type '\\udce9' is not UTF-8"),
        ('1,"A"B,1', "not CSV"),
        ("1," + "A" * 200_000 + ",1", "not CSV"),
    ],
)
def test_rows_what_no_row_can_hold_is_marked_and_the_next_line_is_read(
    record: str, reason: str
) -> None:
    content = f"{HEADER}{record}\n2,B,1\n".encode("utf-8", "surrogateescape")
    bad, good = rows(content)
    assert named(bad).keys() == {"line", "reason"}
    assert bad[0] == 2
    assert reason in str(bad[-1])
    assert named(good) == {"line": 3, "customer_id": "2", "social_type": "B", "score": "1"}


def test_rows_quote_that_never_ends_names_the_lines_that_it_took() -> None:
    (bad,) = rows(HEADER + '1,"A,1\n2,B,1\n3,C,1\n')
    assert bad[0] == 2
    assert "until line 4" in str(bad[-1])


def test_rows_what_the_connection_cannot_encode_is_marked() -> None:
    bad, good = rows(f"{HEADER}1,\u4f60,1\n1,\u00fc,1\n", "iso8859-1")
    assert "iso8859-1" in str(bad[-1])
    assert good[-1] is None


@pytest.mark.parametrize(
    ("content", "named_in_message"),
    [
        (b"", "no header line"),
        (b"\n\n", "no header line"),
        (b"customer,type,score,points\n", "points"),
        (b"customer,type,score,\n", "no name"),
        (b"customer,type,score,customer_id\n", "customer"),
        (b"customer,subtype\n", "type, score"),
        (b"customer;type;score\n", "customer;type;score"),
        (b"customer,type,\xff\n", "UTF-8"),
        ("customer,type,score\n".encode("utf-16"), "UTF-8"),
        (b'customer,"type"x,score\n', "not CSV"),
    ],
)
def test_rows_file_of_another_kind_is_refused_by_name(
    content: bytes, named_in_message: str
) -> None:
    with pytest.raises(EngagementError, match=r"f\.csv") as error:
        rows(content)
    assert named_in_message in str(error.value)


def test_rows_file_is_read_no_further_than_needed() -> None:
    def endless() -> Iterator[str]:
        yield HEADER
        for number in itertools.count(1):
            assert number < 10
            yield f"{number},A,1\n"

    first = list(itertools.islice(uploadfile.rows(endless(), "f.csv"), 3))
    assert [row[1] for row in first] == ["1", "2", "3"]
