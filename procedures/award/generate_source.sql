-- Internal. Generates a source's routines, so that no trigger call plans SQL afresh (PL/pgSQL keeps
-- the plans of static SQL):
--   source_ids__SOURCE (column, keys)         the activities that have these keys in the view or
--                                             ever had in the ledger (a trigger may have voided
--                                             them already, whom a run must still sum); those of a
--                                             subject in the view only, see ids_of_keys
--   award__SOURCE (column, keys, at, is_new)  compares view and ledger for these keys and applies
--                                             the difference
--   apply__SOURCE (changes, at)               voids and inserts what a comparison found
-- A plan is made once and kept for whatever comes later, so they plan without custom plans, without
-- sequential scans (the tables may be empty when it is made) and without JIT; look-ups are lateral,
-- key by key, and "is not distinct from" keeps an index by customer out of those by activity.
-- Definers, because the host's role has no right here.
-- Reads: activity_source. Writes: the three routines.
create or replace function engagement.generate_source(p_source text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
as $body$
declare
    v_was boolean := engagement.propagate_ddl(false);  -- made for the coordinator only
    v_view text;
    v_routine text;
    v_text text;
    v_item text[];
    v_settings text := 'language plpgsql security definer '
        'set search_path = pg_catalog, pg_temp set timezone = ''UTC'' '
        'set datestyle = ''ISO, YMD'' set intervalstyle = ''postgres'' set extra_float_digits = 1 '
        'set row_security = on set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off';
    -- What is derived and what is live, equal pairs gone: no estimate matters to it.
    v_compare constant text := $sql$
        select array_agg(row(u.customer_id, u.source_id, u.document_id, u.employer_id,
                             u.effective_at, u.expires_at, u.recorded_at, null, u.rule_id,
                             '{source}', u.subject_id, u.subject_class, u.quantity, u.amount,
                             u.points, null)::engagement.award)
        into v_changes
        from (
            select u.customer_id, u.source_id, u.document_id, u.employer_id, u.effective_at,
                   u.expires_at, u.rule_id, u.subject_id, u.subject_class, u.quantity, u.amount,
                   u.points, max(u.recorded_at) as recorded_at
            from (
                select d.customer_id, d.source_id, d.document_id, d.employer_id, d.effective_at,
                       d.expires_at, d.rule_id, d.subject_id, d.subject_class, d.quantity, d.amount,
                       d.points, null::timestamptz as recorded_at
                from ({derivation}) d
                where d.is_sane
                      or engagement.reject_activity('{source}', d.source_id::text, d.rule_id, p_at)
                union all
                select w.customer_id, w.source_id, w.document_id, w.employer_id, w.effective_at,
                       w.expires_at, w.rule_id, w.subject_id, w.subject_class, w.quantity, w.amount,
                       w.points, w.recorded_at
                from {ledger}
                where w.source = '{source}' and w.voided_at is null
            ) u
            group by u.customer_id, u.source_id, u.document_id, u.employer_id, u.effective_at,
                     u.expires_at, u.rule_id, u.subject_id, u.subject_class, u.quantity, u.amount,
                     u.points
            having count(*) = 1
        ) u;
        if v_changes is not null then
            v_counts := engagement.apply__{source}(v_changes, p_at);
            v_award_count := v_award_count + v_counts[1];
            v_void_count := v_void_count + v_counts[2];
        end if;$sql$;
    v_insert constant text := $sql$
        insert into engagement.award (
            customer_id, source_id, document_id, employer_id, effective_at, expires_at, recorded_at,
            rule_id, source, subject_id, subject_class, quantity, amount, points
        )
        select d.customer_id, d.source_id, d.document_id, d.employer_id, d.effective_at,
               d.expires_at, p_at, d.rule_id, '{source}', d.subject_id, d.subject_class, d.quantity,
               d.amount, d.points
        from ({derivation}) d
        where d.is_sane
              or engagement.reject_activity('{source}', d.source_id::text, d.rule_id, p_at)
        on conflict (source_id, source, rule_id, customer_id) where voided_at is null do nothing;
        get diagnostics v_award_count = row_count;$sql$;
    -- Key by key, whatever the planner thinks of tables that were empty when it planned.
    v_by_key constant text := '{keys} cross join lateral '
        '(select v.* from {view} v where v.{column} = k.key offset 0) v';
    v_award text := $sql$
create or replace function engagement.award__{source}(
    p_activity_column text, p_keys text[], p_at timestamptz, p_is_new boolean default false
)
returns bigint[]
{settings}
as $f$
declare
    v_ids engagement.host_key[];
    v_slice engagement.host_key[];
    v_id engagement.host_key;
    v_changes engagement.award[];
    v_counts bigint[];
    v_award_count bigint := 0;
    v_void_count bigint := 0;
begin
    if p_activity_column = 'customer_id' then
        v_ids := array(select distinct k.key::engagement.host_key from unnest(p_keys) k (key));
        for v_first in 1 .. cardinality(v_ids) by 1000 loop
            v_slice := v_ids[v_first : v_first + 999];
            {compare_customers}
        end loop;
        return array[v_award_count, v_void_count];
    end if;
    if p_is_new and p_activity_column = 'source_id' then
        -- The short way for rows just inserted: nothing to compare. Unless they joined an activity
        -- that has awards already (a discount added to a line, say): then they are compared.
        v_ids := p_keys::engagement.host_key[];
        if cardinality(v_ids) = 1 then
            v_id := v_ids[1];
            if not exists (select 1 from engagement.award w
                           where w.source_id = v_id and w.source = '{source}'
                                 and w.voided_at is null) then
                {insert_one}
                return array[v_award_count, 0];
            end if;
        elsif not exists (select 1 from {live by source_id of v_ids}) then
            {insert_many}
            return array[v_award_count, 0];
        end if;
    end if;
    if p_is_new and p_activity_column = 'document_id' and cardinality(p_keys) = 1 then
        -- A header just inserted has no lines yet, as a rule.
        v_id := p_keys[1]::engagement.host_key;
        if not exists (select from {view} v where v.document_id = v_id) then
            return array[0, 0];
        end if;
    end if;
    if p_activity_column is null then
        v_ids := array(
            select v.source_id::engagement.host_key from {view} v
            union
            select w.source_id from {live}
        );
    else
        v_ids := array(select i from engagement.source_ids__{source}(p_activity_column, p_keys) i);
    end if;
    if cardinality(v_ids) = 1 then
        v_id := v_ids[1];
        {compare_one}
    else
        -- In slices, so that memory stays bounded.
        for v_first in 1 .. cardinality(v_ids) by 10000 loop
            v_slice := v_ids[v_first : v_first + 9999];
            {compare_many}
        end loop;
    end if;
    return array[v_award_count, v_void_count];
end
$f$$sql$;
    -- The ledger beside the host's rows. A cluster would fetch all of these to join them with its
    -- shards: there a routine of its own asks the ledger.
    v_live text := '(select w.* from engagement.award w '
        'where w.source = ''{source}'' and w.voided_at is null) w';
    v_live_of_one text := '(select w.* from engagement.award w where w.source_id = v_id) w';
    v_by_keys text;
    -- What a comparison found is applied award by award on one machine: a join would be planned by
    -- statistics that a new or restored ledger does not have. In a cluster each statement is a
    -- journey, so all at once, by customer, to the shards that these are in.
    v_variables text := 'v_void engagement.award;';
    v_void text := $sql$
        foreach v_void in array v_voids loop
            update engagement.award w
            set voided_at = v_void.voided_at, void_reason = v_void.void_reason
            where w.source_id = v_void.source_id and w.source = '{source}'
                  and w.rule_id = v_void.rule_id and w.voided_at is null
                  and w.customer_id is not distinct from v_void.customer_id
                  and w.recorded_at = v_void.recorded_at;
            if found then
                v_void_count := v_void_count + 1;
            end if;
        end loop;$sql$;
    v_voided text := '';
    v_last_void text := $sql$(
               select max(w.voided_at)
               from engagement.award w
               where w.source_id = c.source_id and w.source = '{source}' and w.rule_id = c.rule_id
                     and w.customer_id is not distinct from c.customer_id
                     and w.voided_at is not null
           )$sql$;
    v_apply text := $sql$
create or replace function engagement.apply__{source}(
    p_changes engagement.award[], p_at timestamptz
)
returns bigint[]
{settings}
as $f$
declare
    v_voids engagement.award[];
    {variables}
    v_award_count bigint := 0;
    v_void_count bigint := 0;
begin
    if exists (select from unnest(p_changes) c where c.recorded_at is not null) then
        -- "was" is live and has no equal in the view; "becomes" is what takes its place, if
        -- anything does.
        select array_agg(row(
            (x.was).customer_id, (x.was).source_id, (x.was).document_id, (x.was).employer_id,
            (x.was).effective_at, (x.was).expires_at, (x.was).recorded_at,
            greatest(p_at, (x.was).recorded_at + interval '1 microsecond'), (x.was).rule_id,
            (x.was).source, (x.was).subject_id, (x.was).subject_class, (x.was).quantity,
            (x.was).amount, (x.was).points,
            case
                when (x.becomes).source_id is not null then case
                    when ((x.was).document_id, (x.was).subject_id, (x.was).subject_class,
                          (x.was).quantity, (x.was).amount)
                         is distinct from
                         ((x.becomes).document_id, (x.becomes).subject_id,
                          (x.becomes).subject_class, (x.becomes).quantity, (x.becomes).amount)
                         then 'SOURCE_CHANGED'
                    -- It begins or ends at another time: by itself, or by another time zone.
                    when ((x.was).effective_at, (x.was).expires_at)
                         is distinct from ((x.becomes).effective_at, (x.becomes).expires_at)
                         then case when engagement.is_moved_by_zone(
                             p_source => '{source}', p_recorded_at => (x.was).recorded_at,
                             p_effective_at => (x.was).effective_at,
                             p_occurred_at => (x.becomes).effective_at
                         ) then 'RULE_CHANGED' else 'SOURCE_CHANGED' end
                    when (x.was).points <> (x.becomes).points then 'RULE_CHANGED'
                    else 'EMPLOYER_CHANGED' end
                when v.source_id is null then 'SOURCE_REMOVED'
                when ((x.was).document_id, (x.was).subject_id, (x.was).subject_class,
                      (x.was).quantity, (x.was).amount)
                     is distinct from
                     (v.document_id, v.subject_id::text, v.subject_class::text,
                      coalesce(v.quantity, 0), coalesce(v.amount, 0))
                     or v.ended_at <= v.occurred_at then 'SOURCE_CHANGED'
                when (x.was).effective_at is distinct from v.occurred_at
                     and not engagement.is_moved_by_zone(
                         p_source => '{source}', p_recorded_at => (x.was).recorded_at,
                         p_effective_at => (x.was).effective_at, p_occurred_at => v.occurred_at)
                     then 'SOURCE_CHANGED'
                else 'RULE_CHANGED'
            end)::engagement.award)
        into v_voids
        from (
            select c as was,
                   lead(c) over (partition by c.source_id, c.rule_id, c.customer_id
                                 order by c.recorded_at nulls last) as becomes
            from unnest(p_changes) c
        ) x
        left join lateral (
            select v.* from {view} v where v.source_id = (x.was).source_id offset 0
        ) v on v.customer_id = (x.was).customer_id
        where (x.was).recorded_at is not null;

        {void}
    end if;

    -- On record from p_at on, but never while an earlier award of the same activity and rule still
    -- was.
    insert into engagement.award (
        customer_id, source_id, document_id, employer_id, effective_at, expires_at, recorded_at,
        rule_id, source, subject_id, subject_class, quantity, amount, points
    )
    select c.customer_id, c.source_id, c.document_id, c.employer_id, c.effective_at, c.expires_at,
           greatest(p_at, {last_void}),
           c.rule_id, '{source}', c.subject_id, c.subject_class, c.quantity, c.amount, c.points
    from unnest(p_changes) c{voided}
    where c.recorded_at is null
    on conflict (source_id, source, rule_id, customer_id) where voided_at is null do nothing;
    get diagnostics v_award_count = row_count;
    return array[v_award_count, v_void_count];
end
$f$$sql$;
    v_source_ids constant text := $sql$
create or replace function engagement.source_ids__{source}(p_activity_column text, p_keys text[])
returns setof engagement.host_key
{settings}
as $f$
declare
    v_keys engagement.host_key[];
begin
    if p_activity_column in ('document_id', 'customer_id') then
        v_keys := p_keys;
    end if;
    case p_activity_column
        when 'source_id' then
            return query select distinct k.key::engagement.host_key from unnest(p_keys) k (key);
        when 'document_id' then
            return query
            select v.source_id::engagement.host_key
            from unnest(v_keys) k (key)
            cross join lateral (
                select v.source_id from {view} v where v.document_id = k.key offset 0
            ) v
            where v.source_id is not null
            union
            select w.source_id from {all by document_id of v_keys};
        when 'customer_id' then
            return query
            select v.source_id::engagement.host_key
            from unnest(v_keys) k (key)
            cross join lateral (
                select v.source_id from {view} v where v.customer_id = k.key offset 0
            ) v
            where v.source_id is not null
            union
            select w.source_id from {all by customer_id of v_keys};
        when 'subject_id' then
            return query
            select distinct v.source_id::engagement.host_key
            from unnest(p_keys) k (key)
            cross join lateral (
                select v.source_id from {view} v where v.subject_id = k.key offset 0
            ) v
            where v.source_id is not null;
    end case;
end
$f$$sql$;
begin
    select s.view_name into strict v_view from engagement.activity_source s
    where s.source = p_source;
    if engagement.is_distributed() then
        v_live := 'engagement.stored_awards(''{source}'') w';
        v_live_of_one := 'engagement.stored_awards(''{source}'', ''source_id'', array[v_id]) w';
        v_settings := replace(v_settings, 'set plan_cache_mode = force_generic_plan ', '');
        v_variables := 'v_customer_ids engagement.host_key[] := array('
            'select distinct c.customer_id from unnest(p_changes) c);';
        v_void := $sql$
        update engagement.award w
        set voided_at = v.voided_at, void_reason = v.void_reason
        from (select v.* from unnest(v_voids) v) v
        where w.customer_id = v.customer_id and w.source_id = v.source_id
              and w.source = '{source}' and w.rule_id = v.rule_id
              and w.recorded_at = v.recorded_at and w.voided_at is null
              and w.customer_id = any (v_customer_ids);
        get diagnostics v_void_count = row_count;$sql$;
        v_voided := $sql$
    left join (
        select w.customer_id, w.source_id, w.rule_id, max(w.voided_at) as voided_at
        from engagement.award w
        where w.customer_id = any (v_customer_ids) and w.source = '{source}'
              and w.source_id = any (array(select n.source_id from unnest(p_changes) n))
              and w.voided_at is not null
        group by w.customer_id, w.source_id, w.rule_id
    ) l on l.customer_id = c.customer_id and l.source_id = c.source_id and l.rule_id = c.rule_id$sql$;
        v_last_void := 'l.voided_at';
    end if;
    v_apply := replace(replace(replace(replace(
        v_apply, '{variables}', v_variables), '{void}', v_void), '{voided}', v_voided),
        '{last_void}', v_last_void);

    v_award := replace(v_award, '{compare_customers}', replace(replace(
        v_compare,
        '{derivation}', engagement.derivation_sql(p_source,
            replace(replace(v_by_key, '{keys}',
                            'unnest(v_slice) k (key)'),
                    '{column}', 'customer_id'), false)),
        '{ledger}', '{live by customer_id of v_slice}'));
    v_award := replace(v_award, '{compare_one}', replace(replace(
        v_compare,
        '{derivation}', engagement.derivation_sql(p_source,
            format('(select v.* from %s v where v.source_id = v_id) v', v_view), false)),
        '{ledger}', '{live of v_id}'));
    v_award := replace(v_award, '{compare_many}', replace(replace(
        v_compare,
        '{derivation}', engagement.derivation_sql(p_source,
            replace(replace(v_by_key, '{keys}', 'unnest(v_slice) k (key)'), '{column}',
                    'source_id'), false)),
        '{ledger}', '{live by source_id of v_slice}'));
    v_award := replace(v_award, '{insert_one}', replace(
        v_insert,
        '{derivation}', engagement.derivation_sql(p_source,
            format('(select v.* from %s v where v.source_id = v_id) v', v_view), false)));
    v_award := replace(v_award, '{insert_many}', replace(
        v_insert,
        '{derivation}', engagement.derivation_sql(p_source,
            replace(replace(v_by_key, '{keys}', 'unnest(v_ids) k (key)'), '{column}', 'source_id'),
            false)));

    -- Of an earlier form there may be one with other arguments.
    for v_routine in
        select p.oid::regprocedure::text
        from pg_proc p
        where p.pronamespace = 'engagement'::regnamespace and p.proname = 'apply__' || p_source
              and p.pronargs <> 2
    loop
        execute format('drop function %s', v_routine);
    end loop;
    foreach v_text in array array[v_source_ids, v_apply, v_award] loop
        for v_item in
            select m from regexp_matches(v_text, '\{(all|live) by ([a-z_]+) of ([a-z_]+)\}', 'g') m
        loop
            v_by_keys := case when engagement.is_distributed() then
                format('engagement.stored_awards(''{source}'', %L, %s, %L) w', v_item[2], v_item[3],
                       v_item[1] = 'live')
                else engagement.look_up_sql(
                    v_item[2], v_item[3], 'w.source = ''{source}''' || case v_item[1]
                        when 'live' then ' and w.voided_at is null' else '' end)
                end;
            v_text := replace(
                v_text, format('{%s by %s of %s}', v_item[1], v_item[2], v_item[3]), v_by_keys);
        end loop;
        v_text := replace(replace(v_text, '{live}', v_live), '{live of v_id}', v_live_of_one);
        execute replace(replace(replace(v_text, '{settings}', v_settings), '{view}', v_view),
                        '{source}', p_source);
    end loop;
    for v_routine in
        select p.oid::regprocedure::text
        from pg_proc p
        where p.pronamespace = 'engagement'::regnamespace
              and p.proname in ('source_ids__' || p_source, 'apply__' || p_source,
                                'award__' || p_source)
    loop
        execute format('revoke all on function %s from public', v_routine);
        execute format('comment on function %s is %L', v_routine,
                       format('Generated for source %s by engagement.generate_source.', p_source));
    end loop;
    perform engagement.propagate_ddl(v_was);
end
$body$;
comment on function engagement.generate_source(text) is
    'Internal: generates the routines source_ids__SOURCE, award__SOURCE and apply__SOURCE of a '
    'registered source.';
