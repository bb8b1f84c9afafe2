-- Internal. Template: profiles the rows of an activity view and finds what makes them lose points.
-- It serves authors of adapters. It reads the whole view four times, a view with reverses_id seven
-- times, with the planner's own plans.
-- Definer: the view runs as the package's owner.
-- Reads: activity_source, score_rule, the view, engagement_host.customer, engagement_host.subject.
-- Raises: any error of the view.
create or replace function engagement.profile_source__template(
    p_sample_count integer, out profile json, out findings json
)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
as $$
#variable_conflict use_column
declare
    v_source engagement.activity_source;
begin
    select * into v_source from engagement.activity_source s where s.source = 'template';
    with activity as (
        select count(*) as row_count, min(v.occurred_at) as first_at, max(v.occurred_at) as last_at,
               count(*) filter (where v.source_id is null) as no_key_count,
               count(*) filter (where v.customer_id is null) as no_customer_count,
               min(v.source_id::text) filter (where v.customer_id is null) as no_customer_key,
               count(*) filter (where v.occurred_at is null) as no_instant_count,
               min(v.source_id::text) filter (where v.occurred_at is null) as no_instant_key,
               count(*) filter (where v.is_bad_instant) as bad_instant_count,
               min(v.source_id::text) filter (where v.is_bad_instant) as bad_instant_key,
               count(*) filter (where v.ended_at <= v.occurred_at) as empty_count,
               min(v.source_id::text) filter (where v.ended_at <= v.occurred_at) as empty_key,
               count(*) filter (where v.is_bad_quantity) as bad_quantity_count,
               min(v.source_id::text) filter (where v.is_bad_quantity) as bad_quantity_key,
               count(*) filter (where v.is_bad_amount) as bad_amount_count,
               min(v.source_id::text) filter (where v.is_bad_amount) as bad_amount_key,
               count(*) filter (where v.quantity is null) as no_quantity_count,
               min(v.source_id::text) filter (where v.quantity is null) as no_quantity_key,
               count(*) filter (where v.amount is null) as no_amount_count,
               min(v.source_id::text) filter (where v.amount is null) as no_amount_key
        from (
            select a.*,
                   not engagement.is_scorable(a.quantity, 0, 0) as is_bad_quantity,
                   not engagement.is_scorable(a.amount, 0, 0) as is_bad_amount,
                   not engagement.is_instant(a.occurred_at) as is_bad_instant
            from engagement.activity__template a
        ) v
    ),
    doubled as (
        select coalesce(sum(d.row_count - 1), 0) as surplus_count,
               min(d.source_id::text) as some_key
        from (
            select v.source_id, count(*) as row_count
            from engagement.activity__template v
            where v.source_id is not null
            group by v.source_id
            having count(*) > 1
        ) d
    ),
    customer as (
        select count(*) as customer_count,
               coalesce(sum(k.row_count) filter (where c.customer_id is null), 0) as unknown_count,
               min(k.customer_id::text) filter (where c.customer_id is null) as unknown_key
        from (
            select v.customer_id, count(*) as row_count
            from engagement.activity__template v
            where v.customer_id is not null
            group by v.customer_id
        ) k
        left join (select distinct h.customer_id from engagement_host.customer h) c
            on c.customer_id = k.customer_id
    ),
    rule as (
        select r.subject_key, r.class_key
        from engagement.score_rule r
        where r.is_active and r.engagement_type = 'TEMPLATE_TYPE'
              and r.effective_when = 'TEMPLATE_WHEN'
    ),
    subject as (
        select count(distinct s.subject_id) as subject_count,
               coalesce(sum(s.row_count) filter (where not s.is_matched), 0) as unmatched_count,
               min(concat_ws(', ', s.subject_id, s.subject_class)) filter (where not s.is_matched)
                   as unmatched_key,
               coalesce(sum(s.row_count) filter (where s.is_unlabelled), 0) as unlabelled_count,
               min(s.subject_id) filter (where s.is_unlabelled) as unlabelled_key
        from (
            select u.subject_id, u.subject_class, u.row_count,
                   exists (
                       select from rule r
                       where r.subject_key = any (array['', '=' || u.subject_id])
                             and r.class_key = any (array['', '=' || u.subject_class])
                   ) as is_matched,
                   u.subject_id is not null and n.subject_id is null as is_unlabelled
            from (
                select v.subject_id::text as subject_id, v.subject_class::text as subject_class,
                       count(*) as row_count
                from engagement.activity__template v
                group by 1, 2
            ) u
            left join (
                select distinct h.subject_id::text as subject_id
                from engagement_host.subject h
                where h.engagement_type = 'TEMPLATE_TYPE'
            ) n on n.subject_id = u.subject_id
        ) s
    )
    select json_build_object(
               'view', 'template',
               'holds', concat_ws(', ', 'TEMPLATE_TYPE', v_source.effective_when),
               'row_count', a.row_count,
               'customer_count', c.customer_count,
               'subject_count', s.subject_count,
               'first_at', a.first_at,
               'last_at', a.last_at,
               'sample', coalesce(
                   (select json_agg(v)
                    from (select v.* from engagement.activity__template v limit p_sample_count) v),
                   '[]')),
           (select coalesce(json_agg(
                       to_jsonb(f) - array['position', 'look'] || jsonb_build_object(
                           'hint', concat_ws(' ', f.hint, format(f.look, v_source.view_name,
                                                             v_source.engagement_type)))
                       order by f.position), '[]')
            from (
                select n.position, t.severity, t.finding, n.row_count, n.example, t.look,
                       case n.position when 12 then
                           case when exists (select from rule)
                                then 'No rule is for such a subject and class, which are the '
                                     'example.'
                                else format('There is no rule for %s: engagement rules add, or '
                                            'rules apply starter. It may be for one of these:',
                                            concat_ws(' and ', 'TEMPLATE_TYPE',
                                                      v_source.effective_when)) end
                           else t.hint end as hint
                from (
                    values
                    (1, a.no_key_count, null),
                    (2, d.surplus_count, d.some_key),
                    (3, a.no_customer_count, a.no_customer_key),
                    (4, c.unknown_count, c.unknown_key),
                    (5, a.no_instant_count, a.no_instant_key),
                    (6, a.bad_instant_count, a.bad_instant_key),
                    (7, a.empty_count, a.empty_key),
                    (8, a.bad_quantity_count, a.bad_quantity_key),
                    (9, a.bad_amount_count, a.bad_amount_key),
                    (10, a.no_quantity_count, a.no_quantity_key),
                    (11, a.no_amount_count, a.no_amount_key),
                    (12, s.unmatched_count, s.unmatched_key),
                    (13, s.unlabelled_count, s.unlabelled_key),
                    (14, case when a.row_count > 0 then 0 end, null)
                    union all
                    select v.place, v.row_count, v.example
                    from engagement.profiled_reversals__template() v
                ) n (position, row_count, example)
                inner join engagement.finding_texts() t on t.place = n.position
            ) f
            where f.row_count is distinct from 0)
    into profile, findings
    from activity a
    cross join doubled d
    cross join customer c
    cross join subject s;
end
$$;
comment on function engagement.profile_source__template(integer) is
    'Internal: template: profile: rows, customers and dates of the view of the source, with some '
    'of its rows. findings: NULLs, duplicate keys, values out of range, unknown customers, rows '
    'without a rule, odd reversals. Reads the whole view.';
