-- Internal. Template: profiles the rows of an activity view and finds what makes them lose points.
-- It serves authors of adapters. It reads the whole view four times, with the planner's own plans.
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
                   not (a.quantity > -1e1000 and a.quantity < 1e1000) as is_bad_quantity,
                   not (a.amount > -1e1000 and a.amount < 1e1000) as is_bad_amount,
                   not engagement.is_instant(a.occurred_at) as is_bad_instant
            from engagement.activity__template a
        ) v
    ),
    doubled as (
        select coalesce(sum(d.row_count - 1), 0) as surplus_count, min(d.source_id::text) as some_key
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
        where r.is_active and r.engagement_type = 'TEMPLATE_TYPE' and r.effective_when = 'TEMPLATE_WHEN'
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
                   (select json_agg(v) from (select v.* from engagement.activity__template v limit p_sample_count) v), '[]')),
           (select coalesce(json_agg(
                       to_jsonb(f) - array['position', 'look'] || jsonb_build_object(
                           'hint', concat_ws(' ', f.hint, format(f.look, v_source.view_name)))
                       order by f.position), '[]')
            from (values
                (1, 'problem', 'source_id is NULL', a.no_key_count, null,
                 'These rows earn nothing: give them a key, or leave them out of the view.',
                 'select * from %s v where v.source_id is null limit 20;'),
                (2, 'problem', 'source_id is not unique', d.surplus_count, d.some_key,
                 'Of rows with one key and customer one earns; does a join multiply them?',
                 'select v.source_id, count(*) from %s v group by v.source_id having count(*) > 1;'),
                (3, 'problem', 'customer_id is NULL', a.no_customer_count, a.no_customer_key,
                 'These rows earn nothing: is there another person to give the points to?',
                 'select * from %s v where v.customer_id is null limit 20;'),
                (4, 'problem', 'customer_id is not in engagement_host.customer', c.unknown_count,
                 c.unknown_key,
                 'No list shows their points: add these customers to the view customer, or leave the '
                 'rows out. The example is a customer.',
                 'select v.customer_id from %s v except select c.customer_id from '
                 'engagement_host.customer c;'),
                (5, 'problem', 'occurred_at is NULL', a.no_instant_count, a.no_instant_key,
                 'These rows earn nothing: is there another date to fall back on?',
                 'select * from %s v where v.occurred_at is null limit 20;'),
                (6, 'problem', 'occurred_at is infinite or out of range', a.bad_instant_count,
                 a.bad_instant_key,
                 'These rows earn nothing and are listed in engagement.scoring_failure.',
                 'select * from %s v where v.occurred_at is not null and not (v.occurred_at > '
                 '''4000-01-01 BC'' and v.occurred_at < ''200000-01-01'') limit 20;'),
                (7, 'problem', 'ended_at is not after occurred_at', a.empty_count, a.empty_key,
                 'These rows earn nothing: an inclusive end date D is the start of D + 1.',
                 'select * from %s v where v.ended_at <= v.occurred_at limit 20;'),
                (8, 'problem', 'quantity is NaN, infinite or out of range', a.bad_quantity_count,
                 a.bad_quantity_key,
                 'These rows earn nothing and are listed in engagement.scoring_failure.',
                 'select * from %s v where not (v.quantity > -1e1000 and v.quantity < 1e1000) '
                 'limit 20;'),
                (9, 'problem', 'amount is NaN, infinite or out of range', a.bad_amount_count,
                 a.bad_amount_key,
                 'These rows earn nothing and are listed in engagement.scoring_failure.',
                 'select * from %s v where not (v.amount > -1e1000 and v.amount < 1e1000) limit 20;'),
                (10, 'hint', 'quantity is NULL', a.no_quantity_count, a.no_quantity_key,
                 'It counts as 0: a quantity score gives nothing for these rows.',
                 'select * from %s v where v.quantity is null limit 20;'),
                (11, 'hint', 'amount is NULL', a.no_amount_count, a.no_amount_key,
                 'It counts as 0: an amount score gives nothing for these rows.',
                 'select * from %s v where v.amount is null limit 20;'),
                (12, 'hint', 'no active rule matches', s.unmatched_count, s.unmatched_key,
                 case when exists (select from rule)
                      then 'No rule is for such a subject and class, which are the example.'
                      else format('There is no rule for %s: engagement rules add, or rules apply '
                                  'starter.', concat_ws(' and ', 'TEMPLATE_TYPE', v_source.effective_when)) end,
                 null),
                (13, 'hint', 'subject is not in engagement_host.subject', s.unlabelled_count,
                 s.unlabelled_key,
                 'The subject''s id is shown instead of a name. The example is a subject.',
                 'select v.subject_id from %s v except select s.subject_id from '
                 'engagement_host.subject s;'),
                (14, 'hint', 'the view has no rows', case when a.row_count > 0 then 0 end, null,
                 'If the host has such rows, the conditions of the view exclude them all.',
                 null)
            ) f (position, severity, finding, row_count, example, hint, look)
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
    'without a rule. Reads the whole view.';
