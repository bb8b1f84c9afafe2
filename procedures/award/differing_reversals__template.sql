-- Internal. Template: where the stored reversals of the source are not what the view shows, and
-- where what they take is not their sum. A run over the whole source mends it; verify reports it.
-- Definer, because only the package derives.
-- Reads: the view, reversal, reversed_activity.
create or replace function engagement.differing_reversals__template(
    p_left_out_ids engagement.host_key[] default '{}',
    p_unread_ids engagement.host_key[] default '{}',
    p_from engagement.host_key default null,
    p_to engagement.host_key default null,
    p_sample numeric default null,
    p_seed integer default 0,
    p_only_ids engagement.host_key[] default null
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
set jit = off
as $$
begin
    return query
    with reversal_in_hand as (
        select v.* from engagement.activity__template v
        where v.reverses_id is not null
              and (p_unread_ids = '{}' or v.source_id <> all (p_unread_ids))
              and (p_only_ids is null or v.source_id = any (p_only_ids))
        offset 0
    )
    select 'reversal differs', coalesce(s.customer_id, r.customer_id),
           'template'::text, coalesce(s.source_id, r.source_id), null::integer,
           row(s.reverses_id, s.document_id, s.customer_id, s.subject_id, s.quantity, s.amount
               )::text,
           row(r.reverses_id, r.document_id, r.customer_id, r.subject_id, r.quantity, r.amount
               )::text
    from engagement.seen_reversals__template() s
    full join (
        select r.* from engagement.reversal r
        where r.source = 'template' and r.is_shown
              and (p_only_ids is null or r.source_id = any (p_only_ids))
    ) r on r.source_id = s.source_id
    where coalesce(s.source_id, r.source_id) <> all (p_left_out_ids)
          and engagement.is_in_part(coalesce(s.customer_id, r.customer_id), p_from, p_to, p_sample,
                                    p_seed)
          and (s.source_id, s.reverses_id, s.document_id, s.customer_id, s.subject_id,
               s.quantity, s.amount)
          is distinct from
          (r.source_id, r.reverses_id, r.document_id, r.customer_id, r.subject_id, r.quantity,
           r.amount);
    return query
    select 'sum of reversals differs', null::engagement.host_key, 'template'::text,
           coalesce(s.source_id, n.source_id), null::integer,
           row(s.quantity, s.amount, s.reversals)::text,
           row(n.quantity, n.amount, n.reversals)::text
    from engagement.summed_reversals('template', array(
        select distinct r.reverses_id from engagement.reversal r where r.source = 'template'
    )) s
    full join (
        select n.* from engagement.reversed_activity n where n.source = 'template'
    ) n on n.source_id = s.source_id
    where p_from is null and p_to is null and p_sample is null
          and coalesce(s.source_id, n.source_id) <> all (p_left_out_ids)
          and (p_only_ids is null or coalesce(s.source_id, n.source_id) = any (p_only_ids))
          and (s.source_id, s.quantity, s.amount, s.reversals)
          is distinct from (n.source_id, n.quantity, n.amount, n.reversals)
          and not engagement.is_circular('template', coalesce(s.source_id, n.source_id));
end
$$;
comment on function engagement.differing_reversals__template(
    engagement.host_key[], engagement.host_key[], engagement.host_key, engagement.host_key, numeric,
    integer, engagement.host_key[]
) is
    'Internal: template: differences between the reversals that the view shows and what is stored '
    'of them, for the customers that is_in_part selects. p_left_out_ids are not compared; '
    'p_unread_ids are not even read. p_only_ids: no others are compared (NULL: all). Sums have no '
    'customer; they are compared with all customers.';
