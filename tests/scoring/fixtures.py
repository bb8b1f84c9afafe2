"""Fixtures that scoring, triggers and concurrency share.

A clone of the template costs half a second, so these tests share one database and empty it between
them. A test may still break whatever it likes: when the catalogue is no longer that of a fresh
deployment, the next test gets a new clone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest
from psycopg.pq import TransactionStatus

from engagement_runner.files import root
from scoring.host import Host

# Routines, relations, triggers and registrations: what a fresh deployment looks like.
_CATALOGUE = """
select md5(string_agg(o.line, '|' order by o.line collate "C"))
from (
    select p.oid::regprocedure::text || md5(p.prosrc) || coalesce(p.proconfig::text, '') as line
    from pg_proc p
    where p.pronamespace in ('engagement'::regnamespace, 'crm'::regnamespace)
    union all
    select c.oid::regclass::text || coalesce(c.relacl::text, '') || coalesce(
        case c.relkind when 'v' then pg_get_viewdef(c.oid) when 'i' then pg_get_indexdef(c.oid) end,
        (select string_agg(a.attname || a.atttypid::regtype, ',' order by a.attnum)
         from pg_attribute a where a.attrelid = c.oid and a.attnum > 0))
    from pg_class c
    where c.relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace,
                                 'pg_toast'::regnamespace)
          and c.relpersistence <> 't'  -- of a session that is just ending
    union all
    select t.tgrelid::regclass::text || t.tgname || t.tgenabled::text
    from pg_trigger t
    where not t.tgisinternal
    union all
    select row(s.source, s.engagement_type, s.effective_when, s.view_name, s.detached_at)::text
    from engagement.activity_source s
    union all
    select row(a.attachment_id, a.source, a.table_name, a.key_expression, a.activity_column)::text
    from engagement.attached_table a
    union all
    select row(n.nspname, n.nspacl)::text from pg_namespace n where n.nspname not like 'pg_%'
) o
"""

_EMPTY = """
set session_replication_role = replica;
delete from crm.customer; delete from crm.product; delete from crm.sales_order;
delete from crm.order_line; delete from crm.invoice; delete from crm.invoice_line;
delete from crm.committee; delete from crm.committee_member; delete from crm.employment;
delete from engagement.social_score; delete from engagement.score_adjustment;
delete from engagement.customer_merge; delete from engagement.merged_input;
reset session_replication_role;
delete from engagement.score_rule; delete from engagement.setup_change;
delete from engagement.award; delete from engagement.pending_activity;
delete from engagement.reversal; delete from engagement.reversed_activity;
delete from engagement.pending_recheck;
delete from engagement.scoring_failure; delete from engagement.customer_score;
delete from engagement.category_score; delete from engagement.score_percentile;
delete from engagement.category_percentile;
delete from engagement.recalculation_run;
delete from engagement.recalculation_source; delete from engagement.recalculation_key;
delete from engagement.recalculation_customer; delete from engagement.recalculation_rank;
delete from engagement.social_upload;
delete from engagement.score_band; delete from engagement.score_event;
delete from engagement.segment_definition
where view_name <> 'engagement.segment_' || segment_name;
delete from engagement.engagement_type
where engagement_type not in (
    'PRODUCT_PURCHASE', 'COMMITTEE_PARTICIPATION', 'SOCIAL_COMMUNITY', 'ADJUSTMENT',
    'CATEGORY_ADJUSTMENT'
);
delete from engagement.category where category_code not in (
    'INVOLVEMENT', 'PURCHASES_DONATIONS', 'SOCIAL_COMMUNITY', 'ADJUSTMENT'
);
update engagement.category
set counts_in_total = true, cap_points = null, is_ranked = false, inactivity_steps = null;
delete from engagement.setup_change; delete from engagement.pending_activity;
update engagement.app_parameter set parameter_value = default_value;
select engagement.publish_parameters(parameter_name) from engagement.app_parameter
where parameter_value <> engagement.parameter(parameter_name);
"""

#: The rules of the package's own sources, which `_EMPTY` takes away with the others.
_SEED_RULES = (root() / "sql/seed/score_rule.sql").read_bytes()


#: What Citus says of what it fetches to join it with rows of its shards, or of what it finds first.
_SUBPLAN = re.compile(r"generating subplan \S+ for (?:CTE (\w+):|subquery) .*\bcrm\.")

#: Queries that are found first, on the coordinator: who works where on a date (in CURRENT
#: attribution the shards join with it), when that changes, everybody's rank (the shards get what
#: changes), and the scores that are written.
_FOUND_FIRST = {"job", "moved", "ranking", "written"}


def fetches_host(message: str) -> bool:
    """Whether Citus says that a statement joins rows of the host with rows of its shards."""
    found = _SUBPLAN.match(" ".join(message.split()))
    return found is not None and found[1] not in _FOUND_FIRST


class _SharedDatabase:
    """The database that tests share, and a session in it that stays warm."""

    def __init__(self, clone: Callable[[ExitStack], str], is_on_citus: bool) -> None:
        self._clone = clone
        self._is_on_citus = is_on_citus
        #: On a cluster: rows of the host that a statement had fetched, to join them with shards.
        self.fetched: list[str] = []
        self._stack = ExitStack()
        self._session: psycopg.Connection[Any] | None = None
        self._fresh = ""

    def empty(self) -> psycopg.Connection[Any]:
        """Return a session in a database that is like a fresh deployment."""
        if self._session is None or not self._is_fresh(self._session):
            self.close()
            dsn = self._clone(self._stack)
            self._session = psycopg.connect(
                dsn,
                autocommit=True,
                prepare_threshold=None,
                options="-c client_min_messages=debug1" if self._is_on_citus else None,
            )
            self._session.add_notice_handler(self._take_notice)
            self._stack.callback(self._session.close)
            (self._fresh,) = self._session.execute(_CATALOGUE).fetchone() or ("",)
        return self._session

    def _is_fresh(self, session: psycopg.Connection[Any]) -> bool:
        """Empty the database, if it can be used again."""
        if session.closed or session.info.transaction_status != TransactionStatus.IDLE:
            return False
        try:
            session.execute("discard all")
            session.execute(_EMPTY)
            session.execute(_SEED_RULES)
            session.execute("delete from engagement.setup_change")
            session.execute("delete from engagement.pending_activity")
            return session.execute(_CATALOGUE).fetchone() == (self._fresh,)
        except psycopg.Error:
            return False

    def _take_notice(self, notice: psycopg.errors.Diagnostic) -> None:
        if fetches_host(str(notice.message_primary)):
            self.fetched.append(f"{notice.message_primary}\n{notice.context}")

    def close(self) -> None:
        """End the session and drop its database."""
        self._stack.close()


@pytest.fixture(scope="session")
def _shared_database(
    _databases_of: Callable[[ExitStack], Any],
    template_of: Callable[[str], str],
    is_on_citus: bool,
) -> Iterator[_SharedDatabase]:
    shared = _SharedDatabase(
        lambda stack: str(_databases_of(stack).create(template_of("bigint"))), is_on_citus
    )
    try:
        yield shared
    finally:
        shared.close()


@pytest.fixture
def host(_shared_database: _SharedDatabase) -> Iterator[Host]:
    """The reference host with a book to sell and a board to sit on, and no rule yet."""
    host = furnish(_shared_database.empty())
    _shared_database.fetched.clear()
    yield host
    if _shared_database.fetched:
        pytest.fail("\n".join(_shared_database.fetched))


def furnish(session: psycopg.Connection[Any]) -> Host:
    """A book to sell and a board to sit on, and nothing left to do."""
    session.execute("set timezone to 'UTC'")
    if session.execute("select 1 from pg_extension where extname = 'citus'").fetchone():
        # The host's tables are not the cluster's business.
        session.execute("set citus.enable_ddl_propagation = off")
    host = Host(session)
    host.product("BOOK", "PUBLICATION")
    host.run(
        "insert into crm.committee (committee_id, committee_class, display_name)"
        " values ('BOARD', 'GOVERNANCE', 'The board')"
    )
    host.run("delete from engagement.pending_activity")
    host.run("delete from engagement.setup_change")
    return host
