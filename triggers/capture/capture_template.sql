-- Internal. Template of the trigger routine of one attachment, capture__ID: capture, never block.
--
-- The host's statement must not notice the trigger. The trigger appends one row to the queue. In
-- IMMEDIATE mode it then brings the awards of these rows up to date. All of this stands in one
-- exception block, waits at most 50 ms for a lock, and on any error leaves the keys in the queue.
-- Four things are only queued. After TRUNCATE, everything may have to be compared. Rows beyond
-- IMMEDIATE_ROW_LIMIT, written or found, take too long. What does not fit into the host's
-- statement_timeout would cancel the host's statement, see allowance. In a SERIALIZABLE transaction
-- the trigger's reads could make the host's commit fail.
--
-- After 50 calls in one transaction it only queues, too: a block that writes is a subtransaction
-- with an id, and more than 64 of them slow down every session. From then on the block only reads,
-- and the append stands outside the block. It is safe there, because the same append has worked 50
-- times; if it has not, is_broken says so. Calls are assignments where possible, because PL/pgSQL
-- evaluates these without a query.
--
-- generate_capture replaces these markers:
--   t.key__template      the key of a row, as text;
--   t.values__template   the columns of a row that the view reads;
--   'template', 'TEMPLATE_COLUMN', sync_awards__template   the source, its activity column, and
--                       the routine that brings its awards up to date.
-- Definer, because the host's role has no right here.
-- Reads: the statement's rows. Writes: pending_activity, what sync_awards writes, scoring_failure.
create or replace function engagement.capture_template()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '50ms'
as $$
#variable_conflict use_column
declare
    -- One letter for each call, 51 at most.
    v_calls text := set_config(
        'engagement.scoring_calls',
        left(coalesce(current_setting('engagement.scoring_calls', true), ''), 50) || 'x', true);
    v_keys text[];
    v_is_whole boolean;
    v_counts bigint[];
    v_began_at timestamptz;
    v_limit integer;
begin
    if engagement.parameter('CALCULATE_ENGAGEMENT_SCORE_POINTS') = 'N' then
        raise notice 'engagement scores are switched off (CALCULATE_ENGAGEMENT_SCORE_POINTS is N)';
    elsif length(v_calls) <= 50 then
        if engagement.parameter('TRIGGER_MODE') = 'IMMEDIATE'
           and current_setting('statement_timeout') <> '0' then
            v_began_at := clock_timestamp();
            v_limit := engagement.allowance();
        end if;
        begin
            if tg_op = 'INSERT' and engagement.parameter('TRIGGER_MODE') = 'DEFERRED' then
                -- The most frequent call: nothing needs the keys afterwards.
                insert into engagement.pending_activity (source, activity_column, keys)
                select 'template', 'TEMPLATE_COLUMN', k.keys
                from (select array_remove(array(select t.key__template from new_rows t), null)
                      as keys offset 0) k
                where k.keys <> '{}';
            elsif tg_op = 'INSERT' then
                insert into engagement.pending_activity (source, activity_column, keys)
                select 'template', 'TEMPLATE_COLUMN', k.keys
                from (select array_remove(array(select t.key__template from new_rows t), null)
                      as keys offset 0) k
                where k.keys <> '{}'
                returning keys into v_keys;
            elsif tg_op = 'UPDATE' then
                -- Rows that are the same before and after cancel out.
                insert into engagement.pending_activity (source, activity_column, keys)
                select 'template', 'TEMPLATE_COLUMN', k.keys
                from (select array(
                    select distinct u.key
                    from (
                        select t.key__template as key, -1 as side, t.values__template
                        from old_rows t
                        union all
                        select t.key__template, 1, t.values__template from new_rows t
                    ) u
                    where u.key is not null
                    group by u.key, u.values__template
                    having sum(u.side) <> 0
                ) as keys offset 0) k
                where k.keys <> '{}'
                returning keys into v_keys;
            elsif tg_op = 'DELETE' then
                insert into engagement.pending_activity (source, activity_column, keys)
                select 'template', 'TEMPLATE_COLUMN', k.keys
                from (select array(
                    select k.key from (select t.key__template from old_rows t) k (key)
                    where k.key is not null
                ) as keys offset 0) k
                where k.keys <> '{}'
                returning keys into v_keys;
            else
                insert into engagement.pending_activity (source) values ('template'), ('customer');
            end if;
            if engagement.parameter('TRIGGER_MODE') = 'IMMEDIATE'
               and cardinality(v_keys) <= coalesce(
                       v_limit, engagement.parameter('IMMEDIATE_ROW_LIMIT')::integer)
               and current_setting('transaction_isolation') <> 'serializable' then
                -- Under a generous time-out a few activities go this way, otherwise the way below.
                if v_limit is null or cardinality(v_keys) <= least(v_limit / 25, 10) then
                    v_counts := engagement.sync_awards__template(
                        'TEMPLATE_COLUMN', v_keys, clock_timestamp(), tg_op = 'INSERT',
                        case when v_limit is not null then least(v_limit, 10)
                             else engagement.parameter('IMMEDIATE_ROW_LIMIT')::integer end);
                end if;
                if v_limit is not null and v_counts is null then
                    v_limit := engagement.sync_in_time('template', 'TEMPLATE_COLUMN', v_keys,
                                                       tg_op = 'INSERT', v_limit);
                elsif v_limit is not null then
                    v_limit := engagement.allowance(v_began_at);
                end if;
            end if;
        exception when others then
            if v_began_at is not null then
                v_limit := engagement.allowance(v_began_at);
            end if;
            perform engagement.capture_failed('template', 'TEMPLATE_COLUMN', v_keys, sqlstate,
                                              sqlerrm);
        end;
    elsif coalesce(current_setting('engagement.is_broken', true), '') <> 'Y' then
        v_is_whole := tg_op = 'TRUNCATE';
        begin
            if tg_op = 'INSERT' then
                v_keys := nullif(array(
                    select k.key from (select t.key__template from new_rows t) k (key)
                    where k.key is not null), '{}');
            elsif tg_op = 'UPDATE' then
                v_keys := nullif(array(
                    select distinct u.key
                    from (
                        select t.key__template as key, -1 as side, t.values__template
                        from old_rows t
                        union all
                        select t.key__template, 1, t.values__template from new_rows t
                    ) u
                    where u.key is not null
                    group by u.key, u.values__template
                    having sum(u.side) <> 0), '{}');
            elsif tg_op = 'DELETE' then
                v_keys := nullif(array(
                    select k.key from (select t.key__template from old_rows t) k (key)
                    where k.key is not null), '{}');
            end if;
        exception when others then
            v_is_whole := true;
        end;
        insert into engagement.pending_activity (source, activity_column, keys)
        select 'template', case when not v_is_whole then 'TEMPLATE_COLUMN' end,
               case when not v_is_whole then v_keys end
        where v_is_whole or v_keys is not null;
    end if;
    return null;
end
$$;
comment on function engagement.capture_template() is
    'Internal: template: captures changes of the attached table, one queue row per statement.';
