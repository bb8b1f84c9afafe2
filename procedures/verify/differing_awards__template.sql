-- Internal. Template: derives the awards of a source again and compares them with the ledger row by
-- row. The plan is made for the part that is being verified. Nested loops are off, because no row
-- estimate can be trusted here.
-- Definer, because only the package derives.
-- Reads: the view, employment, award, score_rule.
create or replace function engagement.differing_awards__template(
    p_left_out_ids engagement.host_key[],
    p_unread_ids engagement.host_key[],
    p_from engagement.host_key,
    p_to engagement.host_key,
    p_sample numeric,
    p_seed integer,
    p_only_ids engagement.host_key[]
)
returns setof engagement.verify_difference
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
set plan_cache_mode = force_custom_plan
set enable_nestloop = off
set jit = off
as $$
declare
    v_rules engagement.matched_rule[] := engagement.matched_rules__template();
begin
    return query
    with rule_in_hand as (
        select r.* from unnest(v_rules) r
    ),
    activity_in_hand as (
        select v.*
        from engagement.net_activity__template() v
        where engagement.is_in_part(v.customer_id, p_from, p_to, p_sample, p_seed)
              and (p_unread_ids = '{}' or v.source_id <> all (p_unread_ids))
              and (p_only_ids is null or v.source_id = any (p_only_ids))
        offset bigint '0'
    ),
    derived as (
        select d.* from engagement.derived_in_bulk__template() d
        where d.is_scorable and d.source_id <> all (p_left_out_ids)
    ),
    live as (
        select w.*
        from engagement.awards_of_source('template') w
        where w.source_id <> all (p_left_out_ids)
              and (p_only_ids is null or w.source_id = any (p_only_ids))
              and engagement.is_in_part(w.customer_id, p_from, p_to, p_sample, p_seed)
    )
    select case when l.source_id is null then 'award missing'
                when d.source_id is null then 'award without activity'
                else 'award differs' end,
           coalesce(d.customer_id, l.customer_id), 'template'::text,
           coalesce(d.source_id, l.source_id), coalesce(d.rule_id, l.rule_id),
           row(d.document_id, d.employer_id, d.subject_id, d.subject_class, d.quantity, d.amount,
               d.points, d.reversals, d.effective_at, d.expires_at)::text,
           row(l.document_id, l.employer_id, l.subject_id, l.subject_class, l.quantity, l.amount,
               l.points, l.reversals, l.effective_at, l.expires_at)::text
    from derived d
    full join live l
        on l.source_id = d.source_id and l.rule_id = d.rule_id and l.customer_id = d.customer_id
    where (d.document_id, d.employer_id, d.subject_id, d.subject_class, d.quantity, d.amount,
           d.points, d.reversals, d.effective_at, d.expires_at)
          is distinct from
          (l.document_id, l.employer_id, l.subject_id, l.subject_class, l.quantity, l.amount,
           l.points, l.reversals, l.effective_at, l.expires_at)
          or d.source_id is null or l.source_id is null;
end
$$;
comment on function engagement.differing_awards__template(
    engagement.host_key[], engagement.host_key[], engagement.host_key, engagement.host_key, numeric,
    integer, engagement.host_key[]
) is
    'Internal: template: differences between the activities of the source and its live awards, for '
    'the customers that is_in_part selects. p_left_out_ids are not compared; p_unread_ids are not '
    'even read. p_only_ids: no others are compared (NULL: all).';
