"""What each role may and may not, tried by logging in as a member of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner

from engagement_runner.cli import main
from roles.conftest import LOGINS, MEMBERS, Association, Session
from scoring.host import NOW, refused

LogIn = Callable[[str], Session]

#: A call of each routine that is granted, by the role that it is granted to.
CALLS = {
    "staff": {
        "refresh_customer": "call engagement.refresh_customer({ann})",
        "score_at": "select engagement.score_at({ann})",
        "score_card": "select engagement.score_card({ann}), engagement.score_card({acme})",
        "explain_score": "select * from engagement.explain_score({ann})",
        "explain_change": "select * from engagement.explain_change({ann}, '2025-01-01')",
        "explain_changes": "select c.* from engagement.score_change c",
        "forecast": "select * from engagement.forecast({acme})",
        "at_risk": "select * from engagement.at_risk(8, 1)",
        "trend": "select * from engagement.trend({acme}, '2025-01-01', '2025-06-01')",
        "current_employers": "select * from engagement.current_employers({ann})",
        "segment": "select s.* from engagement.segment_definition d"
        " cross join lateral engagement.segment(d.segment_name) s",
        "points_by": "select p.* from unnest(array['CATEGORY', 'RULE', 'SUBJECT', 'MONTH', 'YEAR'])"
        " d cross join lateral engagement.points_by(d, 'rising', {acme}) p",
        "category_history": "select * from engagement.category_history()",
        "score_distribution": "select * from engagement.score_distribution()",
        "participation": "select * from engagement.participation({acme})",
        "company_people": "select * from engagement.company_people({acme})",
        "get_parameter": "select engagement.get_parameter('TIME_ZONE')",
        "export_rules": "select engagement.export_rules()",
        "customer_key": "select engagement.customer_key('1')",
        "try_key": "select engagement.try_key('1')",
        "overlapping_rules": "select * from engagement.overlapping_rules()",
        "check_attached": "select engagement.check_attached()",
        "check_customer": "select engagement.check_customer({ann})",
        "check_instant": "select engagement.check_instant(now())",
        "is_instant": "select engagement.is_instant(now())",
        "counts_at": "select engagement.counts_at(now(), null, now())",
        "start_of_day": "select engagement.start_of_day(current_date, 'UTC')",
        "parameter": "select engagement.parameter('TIME_ZONE')",
        "period_bounds": "select * from engagement.period_bounds(now())",
        "leaves_overview_at": "select engagement.leaves_overview_at(now())",
        "company_card": "select engagement.company_card({acme}, now(), s)"
        " from engagement.stored_scores(array[{acme}]::engagement.host_key[]) s",
        "first_runs": "select * from engagement.first_runs()",
        "recent_raise": "select * from engagement.recent_raise({ann})",
        "sum_points__all": "select * from engagement.sum_points__all(now(), false)",
        "sum_points__some": "select e, t.* from unnest(array[false, true]) e cross join lateral"
        " engagement.sum_points__some(array[{acme}]::engagement.host_key[], now(), e) t",
        "score_movement": "select * from engagement.score_movement()",
        "scored_at": "select engagement.scored_at()",
        "round_half_even": "select engagement.round_half_even(0.125, 2)",
        "band_scale": "select engagement.band_scale()",
        "band_of": "select engagement.band_of(engagement.band_scale(), 1, 50)",
        "percentile_of": "select engagement.percentile_of(1, 1, 2)",
        "recent_from": "select engagement.recent_from(now())",
        "band_rank": "select engagement.band_rank(engagement.band_scale(), 'GOLD')",
        "ranking": "select * from engagement.ranking(array[{ann}]::engagement.host_key[],"
        " array[1.0])",
        "total_scores_at": "select * from engagement.total_scores_at("
        "array[{ann}]::engagement.host_key[], now())",
        "capping_or_fading_rules": "select engagement.capping_or_fading_rules()",
        "inactivity_categories": "select * from engagement.inactivity_categories()",
        "counted_at": "select * from engagement.counted_at("
        "array[{ann}]::engagement.host_key[], now())",
        "counted_awards": "select * from engagement.counted_awards("
        "array[{ann}]::engagement.host_key[])",
        "employee_points_at": "select engagement.employee_points_at({ann}, now())",
        "check_category": "select engagement.check_category(null)",
        "chosen_category": "select engagement.chosen_category()",
        "standing": "select * from engagement.standing(null)",
        "counted_part": "select engagement.counted_part(5, true, 3)",
        "bounds_of_total": "select * from engagement.bounds_of_total()",
        "bounded_total": "select engagement.bounded_total(5, 0, 3)",
        "has_limits": "select engagement.has_limits()",
        "explain_limits": "select * from engagement.explain_limits("
        "array[{ann}]::engagement.host_key[], '2025-01-01', now())",
        "own_points_at": "select engagement.own_points_at({ann}, array[now()])",
        "live_awards": "select * from engagement.live_awards()",
        "is_distributed": "select engagement.is_distributed()",
        "awards_of_customers": "select * from engagement.awards_of_customers("
        "null, array[{ann}]::engagement.host_key[])",
        "awards_of_employers": "select * from engagement.awards_of_employers("
        "array[{acme}]::engagement.host_key[])",
        "all_scores": "select * from engagement.all_scores()",
        "current_jobs": "select * from engagement.current_jobs(null, current_date)",
        "next_job_changes": "select * from engagement.next_job_changes(null, current_date)",
        "stored_scores": "select * from engagement.stored_scores(null)",
        "stored_parts": "select * from engagement.stored_parts("
        "array[{ann}]::engagement.host_key[])",
        "faded_points": "select engagement.faded_points(1, '2025-01-01', 4, null, null, now())",
        "fade": "select engagement.fade(1, 4, 4)",
        "whole_weeks": "select engagement.whole_weeks('2025-01-01', now())",
        "next_fade_at": "select engagement.next_fade_at(1, '2025-01-01', 4, null, null, now())",
        "keep": "select engagement.keep(1, '{{{{1,50}}}}', null, now())",
        "kept_percent": "select engagement.kept_percent('{{{{1,50}}}}', null, now())",
        "last_active_at": "select engagement.last_active_at(null, now())",
        "next_step_at": "select engagement.next_step_at('{{{{1,50}}}}', null, now())",
        "is_by_hand": "select engagement.is_by_hand('ADJUSTMENT')",
        "reversals_in_words": "select engagement.reversals_in_words(3, 30, '[]')",
        "points_in_words": "select engagement.points_in_words(1, 1, 1, null, null,"
        " 1, 1, 1, 1, 1, 1)",
        "subject_name": "select engagement.subject_name('PRODUCT_PURCHASE', 'BOOK')",
        "host_problems": "select * from engagement.host_problems()",
        "present_attachments": "select * from engagement.present_attachments()",
        "segment_view": "select engagement.segment_view('engagement.segment_rising')",
        "foreign_code": "select engagement.foreign_code('engagement.segment_rising')",
        "host_customers": "select * from engagement.host_customers()",
        "outcome_problems": "select * from engagement.outcome_problems()",
        "backtest": """select engagement.backtest('RENEWAL', p_rules => '{{"BOUGHT": null}}')""",
    },
    "operator": {
        "check_commits": "call engagement.check_commits()",
        "commit_refusal": "select engagement.commit_refusal()",
        "recalculate": "call engagement.recalculate('FULL')",
        "roll_up_employers": "call engagement.roll_up_employers()",
        "verify": "select * from engagement.verify()",
        "adjust": "select engagement.adjust({ann}, 5, 'Because')",
        "set_social_score": "select engagement.set_social_score({ann}, 'BLOG',"
        """ p_changes => '{{"score": 4}}')""",
        "remove_social_score": "select engagement.remove_social_score({ann}, 'BLOG')",
        "merge_customer": "call engagement.merge_customer({ann}, {double})",
        "unmerge_customer": "call engagement.unmerge_customer({double}, {idle})",
        "merged_group": "select engagement.merged_group({idle})",
        "take_events": "select * from engagement.take_events()",
        "hold_events": "select * from engagement.hold_events()",
        "acknowledge_events": "select engagement.acknowledge_events('{{}}')",
        "export_customer": "select engagement.export_customer({ann})",
        "host_problems": "select engagement.host_problems()",
        "check_person_known": "select engagement.check_person_known({ann})",
        "is_switched_off": "select engagement.is_switched_off()",
        "check_mode": "select engagement.check_mode('FULL')",
        "refresh": "select engagement.refresh({ann}, now())",
        "begin_run": "select run_id from engagement.begin_run('INCREMENTAL', null)",
        "run_step": "select engagement.run_step(run_id)"
        " from engagement.begin_run('INCREMENTAL', null)",
        "drive_run": "call engagement.drive_run('FULL', null)",
        "catch_up": "call engagement.catch_up()",
        "catch_up_step": "select * from engagement.catch_up_step(now())",
        "queued_activities": "select engagement.queued_activities('order_line')",
        "queued_customers": "select engagement.queued_customers()",
        "verify_source": "select v.* from engagement.activity_source s"
        " cross join lateral engagement.verify_source(s.source, '{{}}', null, null, null, 0) v",
        "verify_scores": "select * from engagement.verify_scores('{{}}', null, null, null, 0)",
        "is_in_part": "select engagement.is_in_part({ann}, null, null, 50, 0)",
        "verify_ranks": "select * from engagement.verify_ranks(null, null, null, 0)",
        "score_history": "select * from engagement.score_history(1, 2, now(), now(), now())",
        "unread_source": "select engagement.unread_source('order_line')",
        "unread_activities": "select * from engagement.unread_activities("
        "'order_line', null, null, null, 0)",
        "verify_totals": "select * from engagement.verify_totals('2025-06-15 12:00+00',"
        " array[{ann}]::engagement.host_key[], array[now()])",
    },
    "admin": {
        "add_rule": "select engagement.add_rule('NEW', 'INVOLVEMENT', 'SOCIAL_COMMUNITY')",
        "revise_rule": "select engagement.revise_rule('BOUGHT',"
        """ '{{"quantity_score": 3}}', p_retroactive => true)""",
        "retire_rule": "select engagement.retire_rule('BOUGHT')",
        "apply_rules": "select * from engagement.apply_rules(engagement.export_rules()"
        """ || '[{{"rule_code": "BOUGHT", "retired": true}}]')""",
        "set_parameter": "select engagement.set_parameter('TIME_ZONE', 'Europe/Zurich')",
        "apply_bands": "select engagement.apply_bands('[]')",
        "set_category": "select engagement.set_category('DONOR',"
        """ '{{"counts_in_total": false}}')""",
        "preview_rules": """select * from engagement.preview_rules('{{"BOUGHT": null}}')""",
        "preview_summary": """select engagement.preview_summary('{{"BOUGHT": null}}')""",
        "erase_customer": "call engagement.erase_customer({idle})",
    },
}
#: Who reads every table.
READ_ALL = set(MEMBERS) - {"reader"}
#: They commit.
RUNS = {"catch_up", "check_commits", "drive_run", "recalculate", "roll_up_employers"}
#: Each role includes those before it.
GRANTED = {
    "reader": {},
    "staff": CALLS["staff"],
    "operator": CALLS["staff"] | CALLS["operator"],
    "admin": CALLS["staff"] | CALLS["operator"] | CALLS["admin"],
    "host": {},
    "clerk": {},
    "nobody": {},
}
ALL = GRANTED["admin"]

#: What plain statements may write, by table and statement; nobody writes anything else.
WRITES = {
    "operator": {("social_upload", "insert"), ("social_upload", "delete")},
    "admin": {
        (table, action)
        for table in ("engagement_type", "score_band", "segment_definition")
        for action in ("insert", "update", "delete")
    }
    # Name and place of a category; set_category changes what counts, and the code is for good.
    | {("category", "insert")},
}
MAY_WRITE: dict[str, set[tuple[str, str]]] = {
    "reader": set(),
    "staff": set(),
    "operator": WRITES["operator"],
    "admin": WRITES["operator"] | WRITES["admin"],
    "host": set(),
    "clerk": set(),
    "nobody": set(),
}


def column(association: Association, query: str) -> list[Any]:
    """The only column of a query of the deployer."""
    return [row[0] for row in association.host.rows(query)]


def attempt(session: Session, statement: str) -> str | None:
    """SQLSTATE of a statement that is taken back; None: it works."""
    try:
        with session.transaction(force_rollback=True):
            session.execute(statement)
    except psycopg.Error as error:
        return error.sqlstate
    return None


# -- what is granted works, and nothing else is granted --------------------------------------------


@pytest.mark.parametrize(
    ("who", "routine"),
    [(who, routine) for who in MEMBERS for routine in GRANTED[who] if routine not in RUNS],
)
def test_role_calls_what_it_is_granted(
    association: Association, log_in: LogIn, who: str, routine: str
) -> None:
    with log_in(who) as session, session.transaction(force_rollback=True):
        session.execute(ALL[routine].format(**association.keys))


@pytest.mark.parametrize("who", ["operator", "admin"])
@pytest.mark.parametrize("routine", sorted(RUNS))
def test_role_runs_what_it_is_granted(
    association: Association, log_in: LogIn, who: str, routine: str
) -> None:
    log_in(who).execute(ALL[routine])
    assert association.host.runs()[-1].run_status == "COMPLETED"


@pytest.mark.parametrize(
    ("who", "routine"),
    [(who, routine) for who in LOGINS for routine in ALL if routine not in GRANTED[who]],
)
def test_role_calls_nothing_else(
    association: Association, log_in: LogIn, who: str, routine: str
) -> None:
    statement = ALL[routine].format(**association.keys)
    with association.host.unchanged():
        assert attempt(log_in(who), statement) == "42501"


@pytest.mark.parametrize("who", LOGINS)
def test_role_may_execute_exactly_the_routines_called_here(
    association: Association, who: str
) -> None:
    assert set(
        column(
            association,
            "select p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace"
            " where n.nspname in ('engagement', 'engagement_host', 'engagement_meta')"
            f" and has_function_privilege('{association.logins[who]}', p.oid, 'execute')",
        )
    ) == set(GRANTED[who])


@pytest.mark.parametrize("who", LOGINS)
def test_role_creates_nothing_in_our_schemas(association: Association, who: str) -> None:
    name = association.logins[who]
    assert (
        column(
            association,
            "select nspname from pg_namespace where nspname like 'engagement%'"
            f" and has_schema_privilege('{name}', oid, 'create')",
        )
        == []
    )


def test_role_definers_take_no_rows_of_the_callers_making(association: Association) -> None:
    # What a definer is handed it must not trust, and a row may hold the name of a view.
    definers = """
        select p.proname, p.oid, unnest(p.proargtypes) as type_id
        from pg_proc p
        where p.prosecdef and p.pronamespace = 'engagement'::regnamespace
              and has_function_privilege('engagement_admin', p.oid, 'execute')"""
    assert column(association, f"select proname from ({definers}) d where proname = 'adjust'")
    assert (
        column(
            association,
            f"select distinct d.proname from ({definers}) d join pg_type t on t.oid = d.type_id"
            " left join pg_type e on e.oid = t.typelem where 'c' in (t.typtype, e.typtype)",
        )
        == []
    )


# -- tables and views ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def relations(association: Association) -> list[str]:
    """Tables and views of the package and the adapter."""
    return column(
        association,
        "select oid::regclass::text from pg_class where relkind in ('r', 'v')"
        " and relnamespace in ('engagement'::regnamespace, 'engagement_host'::regnamespace)",
    )


@pytest.mark.parametrize("who", LOGINS)
def test_role_reads_everything_or_nothing(log_in: LogIn, relations: list[str], who: str) -> None:
    session = log_in(who)
    states = {attempt(session, f"select * from {name}") for name in relations}
    assert len(relations) >= 40
    assert states == (
        {None} if who in READ_ALL else {"42501"} if who != "reader" else {None, "42501"}
    )


def test_reader_sees_three_views_and_needs_no_function(
    association: Association, log_in: LogIn, relations: list[str]
) -> None:
    session = log_in("reader")
    seen = {
        name.removeprefix("engagement.")
        for name in relations
        if attempt(session, f"select * from {name}") is None
    }
    assert seen == {"published_score", "published_category_score", "published_award"}
    ann = association.keys["ann"]
    ((score, band),) = session.execute(
        "select score, band from engagement.published_score where customer_id = %s", (ann,)
    ).fetchall()
    stored = association.host.score(ann)
    assert (score, band) == (stored.score, stored.band_code)
    parts = session.execute(
        "select category_name, score from engagement.published_category_score"
        " where customer_id = %s order by sort_order",
        (ann,),
    ).fetchall()
    assert sum(part for _, part in parts) == score
    assert "Involvement" in {name for name, _ in parts}
    awards = session.execute(
        "select rule_code, points from engagement.published_award where customer_id = %s", (ann,)
    ).fetchall()
    assert len(awards) == len(association.host.live(ann))


@pytest.mark.parametrize("who", LOGINS)
def test_role_sees_what_is_deployed_and_changes_nothing_of_it(log_in: LogIn, who: str) -> None:
    session = log_in(who)
    for table in ("applied_file", "deployed_routine"):
        state = attempt(session, f"select * from engagement_meta.{table}")
        assert state == (None if who in READ_ALL else "42501")
        for change in ("delete from", "truncate"):
            assert attempt(session, f"{change} engagement_meta.{table}") == "42501"
    assert attempt(session, "create table engagement_meta.mine (a integer)") == "42501"


@pytest.mark.parametrize("who", LOGINS)
def test_role_writes_no_table_but_its_own(
    association: Association, log_in: LogIn, relations: list[str], who: str
) -> None:
    session = log_in(who)
    written = set()
    for relation in relations:
        first = association.host.one(
            "select quote_ident(attname) from pg_attribute"
            " where attrelid = %s::regclass and attnum = 1",
            relation,
        )
        for action, statement in {
            "insert": f"insert into {relation} ({first}) select null where false",
            "update": f"update {relation} set {first} = null where false",
            "delete": f"delete from {relation} where false",
            "truncate": f"truncate {relation}",
            "lock": f"lock table {relation} in exclusive mode",
        }.items():
            state = attempt(session, statement)
            # Not allowed, or to nobody: a view that cannot be written or emptied.
            assert state in (None, "42501", "55000", "0A000", "42809"), (statement, state)
            if state is None:
                written.add((relation.removeprefix("engagement."), action))
    # Whoever may change or empty a table may lock it.
    locks = {(table, "lock") for table, action in MAY_WRITE[who] if action in ("update", "delete")}
    assert written == MAY_WRITE[who] | locks


def test_operator_uploads_but_not_in_anothers_name(association: Association, log_in: LogIn) -> None:
    columns = (
        "customer_id, social_type, social_subtype, score, description, comments, source_system,"
        " scored_at, ends_at, line_number, rejected_reason"
    )
    with log_in("operator") as session, session.transaction(force_rollback=True):
        with session.cursor().copy(f"copy engagement.social_upload ({columns}) from stdin") as copy:
            for score in ("5", "five"):
                copy.write_row((str(association.keys["ann"]), "FORUM", None, score, *[None] * 7))
        assert session.execute(
            "select uploaded_by, rejected_reason is not null from engagement.social_upload"
        ).fetchall() == [(association.logins["operator"], True)]
        assert session.execute(
            "select score from engagement.social_score where social_type = 'FORUM'"
        ).fetchall() == [(5,)]
        session.execute("delete from engagement.social_upload")
    for forged in ("uploaded_by", "uploaded_at", "upload_id"):
        statement = f"insert into engagement.social_upload ({forged}) values (null)"
        assert attempt(log_in("operator"), statement) == "42501"


def test_admin_sets_up_bands_categories_and_segments(
    association: Association, log_in: LogIn, is_on_citus: bool
) -> None:
    category = "EVENTS"
    new_category = "insert into engagement.category values ('EVENTS', 'Events', 5)"
    if is_on_citus:
        # A cluster has one user write to its nodes in a transaction; a routine's is another.
        with log_in("admin") as session, session.transaction(force_rollback=True):
            session.execute(new_category)
        category, new_category = "INVOLVEMENT", "select"
    with log_in("admin") as session, session.transaction(force_rollback=True):
        for statement in (
            "insert into engagement.score_band (band_code, from_score) values ('BEST', 9)",
            "update engagement.score_band set label = 'Best' where band_code = 'BEST'",
            new_category,
            "insert into engagement.engagement_type values ('VOLUNTEERING', 'Volunteering')",
            f"select engagement.add_rule('HELPED', '{category}', 'VOLUNTEERING')",
            "insert into engagement.segment_definition (segment_name, label, view_name)"
            " values ('own', 'Our own', 'engagement.segment_rising')",
        ):
            session.execute(statement.encode())
        assert session.execute(
            "select changed_by, count(*) from engagement.setup_change"
            " where object_name in ('BEST', 'HELPED') group by 1"
        ).fetchall() == [(association.logins["admin"], 3)]


def test_who_is_kept_as_whoever_logged_in(association: Association, log_in: LogIn) -> None:
    with log_in("operator") as session, session.transaction(force_rollback=True):
        session.execute("set role engagement_operator")
        session.execute(ALL["adjust"].format(**association.keys))
        assert session.execute(
            "select distinct adjusted_by from engagement.score_adjustment"
        ).fetchall() == [(association.logins["operator"],)]
    with log_in("admin") as session, session.transaction(force_rollback=True):
        session.execute(ALL["set_parameter"])
        assert session.execute(
            "select changed_by from engagement.setup_change where object_name = 'TIME_ZONE'"
        ).fetchall() == [(association.logins["admin"],)]


def test_parameter_set_by_an_admin_keeps_what_is_granted(
    association: Association, log_in: LogIn
) -> None:
    admin, staff = log_in("admin"), log_in("staff")
    admin.execute("select engagement.set_parameter('RAISED_RECENTLY_DAYS', '31')")
    card = staff.execute(CALLS["staff"]["score_card"].format(**association.keys)).fetchone()
    assert card
    admin.execute("select engagement.set_parameter('RAISED_RECENTLY_DAYS', '30')")


def test_staff_refresh_for_now_alone(association: Association, log_in: LogIn) -> None:
    before = association.host.one("select clock_timestamp()")
    staff = log_in("staff")
    staff.execute("call engagement.refresh_customer(%s)", (association.keys["ann"],))
    row = association.host.score(association.keys["ann"])
    assert before < row.calculated_at < association.host.one("select clock_timestamp()")
    with refused("EG001"):
        staff.execute("call engagement.refresh_customer(-1)")


def test_operator_finds_everything_proven(association: Association, log_in: LogIn) -> None:
    session = log_in("operator")
    session.execute("call engagement.recalculate('FULL')")
    assert session.execute("select * from engagement.verify()").fetchall() == []
    association.host.run("update engagement.award set points = points + 1")
    differences = session.execute("select check_name from engagement.verify()").fetchall()
    assert ("award differs",) in differences
    session.execute("call engagement.recalculate('FULL')")
    assert session.execute("select * from engagement.verify()").fetchall() == []


@pytest.mark.parametrize("as_of", ["infinity", "-infinity"])
def test_operator_begins_no_run_for_no_instant(log_in: LogIn, as_of: str) -> None:
    with log_in("operator") as session, refused("EG004"):
        session.execute("select engagement.begin_run('FULL', %s)", (as_of,))


@pytest.mark.parametrize(
    ("who", "command", "exit_code"),
    [
        ("staff", "score {ann} --format json", 0),
        ("staff", "explain {ann} --format json", 0),
        ("staff", "refresh {ann}", 0),
        ("staff", "params list", 0),
        ("staff", "rules list", 0),
        ("staff", "rules export", 0),
        ("staff", "recalculate", 1),
        ("staff", "params set OVERVIEW_YEARS 3", 1),
        ("staff", "status", 0),
        ("staff", "check", 0),
        ("operator", "status --format json", 0),
        ("operator", "check", 0),
        ("admin", "status", 0),
        ("admin", "check", 0),
        ("nobody", "status", 1),
        ("nobody", "check", 1),
        ("operator", "recalculate --mode FULL", 0),
        ("operator", "verify", 0),
        ("operator", "rules retire BOUGHT", 1),
        ("admin", "params set OVERVIEW_YEARS 3", 0),
        ("admin", "rules revise BOUGHT --description Books", 0),
        ("nobody", "score {ann}", 1),
    ],
)
def test_command_as_each_role(
    association: Association, who: str, command: str, exit_code: int
) -> None:
    with association.log_in(who) as session:
        environment = {"ENGAGEMENT_DSN": session.info.dsn}
    arguments = command.format(**association.keys).split()
    result = CliRunner().invoke(main, arguments, env=environment)
    assert result.exit_code == exit_code, result.output


# -- the host --------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["host", "clerk"])
@pytest.mark.parametrize("trigger_mode", ["IMMEDIATE", "DEFERRED"])
def test_host_role_writes_its_tables_and_they_are_scored(
    association: Association, log_in: LogIn, trigger_mode: str, who: str
) -> None:
    host = association.host
    host.set(TRIGGER_MODE=trigger_mode)
    before = host.score_at(association.keys["ann"])
    with log_in(who) as session:
        (line,) = (
            session.execute(
                "with o as (insert into crm.sales_order (ordered_at) values (%s)"
                " returning order_id)"
                " insert into crm.order_line (order_id, ship_customer_id, product_id, quantity)"
                " select order_id, %s, 'BOOK', 7 from o returning order_line_id",
                (NOW, association.keys["ann"]),
            ).fetchone()
            or ()
        )
        session.execute("update crm.order_line set quantity = 8 where order_line_id = %s", (line,))
        if trigger_mode == "DEFERRED":
            assert host.score_at(association.keys["ann"]) == before
        host.proven(as_of=None)
        assert host.score_at(association.keys["ann"]) == before + 16
        session.execute("delete from crm.order_line where order_line_id = %s", (line,))
        session.execute("truncate crm.employment")
    assert host.failures() == []
    host.proven(as_of=None)
    assert host.score_at(association.keys["ann"]) == before
    host.job(association.keys["ann"], association.keys["acme"])
    host.proven(as_of=None)
    host.set(TRIGGER_MODE="IMMEDIATE")


def test_host_role_cannot_use_our_triggers_elsewhere(
    association: Association, log_in: LogIn
) -> None:
    captures = column(
        association,
        "select proname from pg_proc where pronamespace = 'engagement'::regnamespace"
        " and prorettype = 'trigger'::regtype",
    )
    assert len(captures) > 10
    for who in LOGINS:
        session = log_in(who)
        session.execute("create temporary table own (order_line_id bigint)")
        for capture in captures:
            statement = (
                "create trigger t after insert on own referencing new table as new_rows"
                f" for each statement execute function engagement.{capture}()"
            )
            assert attempt(session, statement) == "42501"
