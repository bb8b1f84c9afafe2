"""A small association, the same on one machine and on a cluster."""

from __future__ import annotations

from typing import Any

import psycopg

Connection = psycopg.Connection[Any]

AS_OF = "2025-06-15 12:00+00"

#: A small association with jobs, a rule that caps, one that fades and one that does neither: the
#: awards of the last are summed in another part of the statement.
LIFE = """
insert into crm.customer (customer_type, display_name)
select case when g % 10 = 0 then 'COMPANY' else 'INDIVIDUAL' end, 'C' || g
from generate_series(1, 60) g;
insert into crm.product (product_id, product_class, display_name)
values ('BOOK', 'PRINT', 'Book'), ('FAIR', 'EVENT', 'Fair');
insert into crm.employment (employee_id, employer_id, is_primary)
select c.customer_id, c.customer_id / 10 * 10 + 10, true
from crm.customer c where c.customer_id % 10 <> 0 and c.customer_id < 60;
select engagement.add_rule('BOOKS', 'PURCHASES_DONATIONS', 'PRODUCT_PURCHASE', 'ORDER_CREATION',
                           p_subject_id => 'BOOK', p_quantity_score => 2, p_amount_score => 0.333);
select engagement.add_rule('FAIRS', 'INVOLVEMENT', 'PRODUCT_PURCHASE', 'ORDER_CREATION',
                           p_subject_class => 'EVENT', p_flat_score => 7, p_valid_for_weeks => 20);
select engagement.add_rule('SALES', 'PURCHASES_DONATIONS', 'PRODUCT_PURCHASE', 'ORDER_CREATION',
                           p_flat_score => 1, p_valid_for_weeks => 22);
select engagement.revise_rule('BOOKS', '{"cap_points": 9, "cap_period": "YEAR"}', true);
select engagement.revise_rule('FAIRS', '{"half_life_weeks": 4}', true);
insert into crm.sales_order (order_status, ordered_at)
select 'PLACED', timestamptz '2025-01-01 10:00+00' + make_interval(days => g)
from generate_series(1, 120) g;
insert into crm.order_line (order_id, ship_customer_id, product_id, quantity, amount, line_status)
select o.order_id, 1 + o.order_id * 7 % 60,
       case when o.order_id % 3 = 0 then 'FAIR' else 'BOOK' end,
       1 + o.order_id % 4, o.order_id % 11, 'ACTIVE'
from crm.sales_order o;
"""

#: What happens after the first run: sales are cancelled, a job ends, somebody buys more.
CHANGES = """
update crm.sales_order set order_status = 'CANCELLED' where order_id % 17 = 0;
update crm.employment set end_on = '2025-02-01' where employee_id = 11;
update crm.order_line set quantity = quantity + 1 where order_line_id % 13 = 0;
"""

#: Everybody buys three books more.
ORDERS = """
insert into crm.order_line (order_id, ship_customer_id, product_id, quantity, amount, line_status)
select o.order_id, c.customer_id, 'BOOK', 3, 0, 'ACTIVE'
from crm.customer c, (select min(order_id) as order_id from crm.sales_order) o
"""

#: Everything but the server's clock, which no two runs share.
RESULTS = {
    "award": """
        select customer_id, source, source_id, document_id, employer_id, subject_id, quantity,
               amount, points, effective_at, expires_at, void_reason
        from engagement.award
        order by customer_id, source, source_id, rule_id, recorded_at""",
    "customer_score": """
        select customer_id, own_score, employee_score, score, ytd_score, overview_score,
               employee_ytd_score, employee_overview_score, percentile, band_code, previous_score,
               calculated_at, next_change_at
        from engagement.customer_score order by customer_id""",
    "category_score": """
        select * from engagement.category_score order by customer_id, category_code""",
}


def rows(session: Connection, query: str, *arguments: Any) -> list[Any]:
    """All rows of a query."""
    return session.execute(query.encode(), arguments or None).fetchall()


def live(session: Connection) -> None:
    """A run, changes, another run, and a complete one."""
    session.execute(LIFE.encode())
    session.execute("call engagement.recalculate('INCREMENTAL', null, %s)", (AS_OF,))
    session.execute(CHANGES.encode())
    session.execute("call engagement.recalculate('INCREMENTAL', null, %s)", (AS_OF,))
