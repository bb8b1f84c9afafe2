"""Keep a deployment of this version for those to come: ``python tests/deploy/keep_release.py``.

Deploys the package beside the reference host, scores a small association, and writes a dump of the
database to ``tests/deploy/releases/release-N.sql.gz``. Tests restore it and upgrade it. Needs the
binaries of PostgreSQL 15 in the folder PG_BINDIR, so that every later server reads the dump.
"""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path

import psycopg

from engagement_runner import files, release
from engagement_runner.deploy import deploy
from engagement_runner.embedded import EmbeddedServer

FOLDER = Path(__file__).with_name("releases")

#: Twenty people and two companies; everything that earns, a refund, a retired rule, an adjustment.
ASSOCIATION = """
insert into crm.customer (customer_id, customer_type, display_name)
select n, case when n <= 2 then 'COMPANY' else 'INDIVIDUAL' end, 'Customer ' || n
from generate_series(1, 22) n;
insert into crm.product values ('BOOK', 'PUBLICATION', 'Book'), ('FAIR', 'EVENT', 'Fair'),
    ('GIFT', 'DONATION', 'Gift');
insert into crm.committee values ('BOARD', 'GOVERNANCE', 'Board');
insert into crm.employment (employee_id, employer_id, begin_on)
select n, 1 + n % 2, '2020-01-01' from generate_series(3, 18) n;
insert into crm.sales_order (order_id, order_status, ordered_at)
select 1000 + n, case when n % 9 = 0 then 'CANCELLED' else 'PLACED' end,
    '2024-01-01 10:00+00'::timestamptz + n * interval '11 days' from generate_series(1, 80) n;
insert into crm.order_line (order_line_id, order_id, ship_customer_id, product_id, quantity, amount)
select 2000 + n, 1000 + n, 3 + n % 20, (array['BOOK', 'FAIR', 'GIFT'])[1 + n % 3], 1 + n % 4, n
from generate_series(1, 80) n;
insert into crm.invoice (invoice_id, invoiced_at)
select 3000 + n, '2024-02-01 10:00+00'::timestamptz + n * interval '13 days'
from generate_series(1, 40) n;
insert into crm.invoice_line (
    invoice_line_id, invoice_id, ship_customer_id, product_id, quantity, amount, reverses_line_id)
select 4000 + n, 3000 + n, 3 + (n - n % 2) % 20, 'GIFT',
    case when n in (5, 9) then -1 else 2 end, case when n in (5, 9) then -10 else 10 * n end,
    case when n in (5, 9) then 3999 + n end
from generate_series(1, 40) n;
insert into crm.committee_member (committee_member_id, committee_id, customer_id, begin_on, end_on)
select 5000 + n, 'BOARD', 3 + n, '2023-06-01', case when n % 2 = 0 then '2099-05-31'::date end
from generate_series(1, 5) n;
select engagement.add_rule('BOOKS', 'PURCHASES_DONATIONS', 'PRODUCT_PURCHASE', 'ORDER_CREATION',
    p_subject_class => 'PUBLICATION', p_quantity_score => 2.5, p_cap_points => 12,
    p_cap_period => 'YEAR');
select engagement.add_rule('FAIRS', 'INVOLVEMENT', 'PRODUCT_PURCHASE', 'ORDER_CREATION',
    p_subject_class => 'EVENT', p_flat_score => 10, p_half_life_weeks => 20);
select engagement.add_rule('GIFTS', 'PURCHASES_DONATIONS', 'PRODUCT_PURCHASE', 'INVOICE_CREATION',
    p_amount_score => 0.1);
select engagement.add_rule('SEAT', 'INVOLVEMENT', 'COMMITTEE_PARTICIPATION', p_flat_score => 30);
insert into engagement.score_band (band_code, label, from_score) values ('TOP', 'Top', 40);
select engagement.adjust(5, 7, 'Spoke');
insert into engagement.social_score (customer_id, social_type, social_subtype, score)
values (6, 'BLOG', 'POST', 3.5);
call engagement.recalculate();
select engagement.revise_rule('BOOKS', '{"quantity_score": 3}');
insert into crm.order_line (order_line_id, order_id, ship_customer_id, product_id, quantity, amount)
values (2999, 1001, 4, 'BOOK', 1, 5);
"""


def main() -> None:
    """Write the dump of this version."""
    number = release.number(files.root())
    with EmbeddedServer(os.environ["PG_BINDIR"]) as server:
        with psycopg.connect(server.dsn(), autocommit=True) as session:
            deploy(session, "reference")
            for statement in ASSOCIATION.split(";\n"):
                if statement.strip():
                    session.execute(statement.encode())
        done = subprocess.run(
            [server.bindir / "pg_dump", "--no-owner", "--host", server.socket_dir, "--username",
             server.user, "postgres"],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
    # A newer pg_dump has its own commands for psql.
    lines = [line for line in done.stdout.splitlines(True) if not line.startswith("\\")
             or line.startswith("\\.")]  # fmt: skip
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER / f"release-{number}.sql.gz"
    path.write_bytes(gzip.compress("".join(lines).encode(), mtime=0))
    print(path)


if __name__ == "__main__":
    main()
