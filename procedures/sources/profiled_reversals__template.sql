-- Internal. Template: what is odd about the reversals of an activity view, by the places of
-- finding_texts. The walk goes from the rows that are taken back to what takes these back, and so
-- on; taken_back is the way to a row. The sign changes with each step, because a reversal of a
-- reversal gives back. Rows that the walk does not reach go round in a circle. Where the view has
-- no reverses_id, the conditions on 'TEMPLATE_REVERSES' fold, and nothing is read.
-- Reads: the view.
create or replace function engagement.profiled_reversals__template()
returns table (place integer, row_count bigint, example text)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
with recursive reversal as materialized (
    select distinct on (v.source_id) v.source_id, v.reverses_id, v.quantity, v.amount
    from engagement.activity__template v
    where 'TEMPLATE_REVERSES' = 'Y' and v.source_id is not null and v.reverses_id is not null
    order by v.source_id
),
reversed as materialized (
    select distinct on (v.source_id) v.source_id, v.quantity, v.amount
    from engagement.activity__template v
    where 'TEMPLATE_REVERSES' = 'Y'
          and v.source_id in (select r.reverses_id from reversal r)
    order by v.source_id
),
chain as (
    select r.source_id, array[r.reverses_id::text] as taken_back
    from reversal r
    where not exists (select from reversal p where p.source_id = r.reverses_id)
    union all
    select r.source_id, c.taken_back || r.reverses_id::text
    from chain c
    inner join reversal r on r.reverses_id = c.source_id
),
pair as (
    select count(*) as total_count,
           count(*) filter (where d.source_id is null) as missing_count,
           min(r.source_id::text) filter (where d.source_id is null) as missing_key,
           count(*) filter (where s.adds) as adding_count,
           min(r.source_id::text) filter (where s.adds) as adding_key
    from chain c
    inner join reversal r on r.source_id = c.source_id
    left join reversed d on d.source_id = r.reverses_id
    cross join lateral (
        select case when r.amount <> 0 and d.amount <> 0 then sign(r.amount) = sign(d.amount)
                    else r.quantity <> 0 and sign(r.quantity) = sign(d.quantity) end as adds
    ) s
),
exceeded as (
    select count(*) as row_count, min(t.key) as example
    from reversed d
    inner join (
        select b.key, sum(s.sign * abs(r.quantity)) as quantity,
               sum(s.sign * abs(r.amount)) as amount
        from chain c
        inner join reversal r on r.source_id = c.source_id
        cross join lateral unnest(c.taken_back) with ordinality b (key, position)
        cross join lateral (
            select 1 - 2 * ((cardinality(c.taken_back) - b.position) % 2) as sign
        ) s
        group by b.key
    ) t on t.key = d.source_id::text
    where t.quantity > coalesce(abs(d.quantity), 0) or t.amount > coalesce(abs(d.amount), 0)
),
circular as (
    select count(*) as row_count, min(r.source_id::text) as example
    from reversal r
    where not exists (select from chain c where c.source_id = r.source_id)
),
negative as (
    select count(*) as row_count, min(v.source_id::text) as example
    from engagement.activity__template v
    where 'TEMPLATE_REVERSES' = 'Y' and v.reverses_id is null
          and (v.quantity < 0 or v.amount < 0)
)
select f.place, f.row_count, f.example
from pair p
cross join lateral (
    values
    (15, case when p.missing_count = p.total_count then p.missing_count else 0 end, p.missing_key),
    (16, case when p.missing_count < p.total_count then p.missing_count else 0 end, p.missing_key),
    (18, p.adding_count, p.adding_key)
) f (place, row_count, example)
union all
select 17, e.row_count, e.example from exceeded e
union all
select 19, c.row_count, c.example from circular c
union all
select 20, n.row_count, n.example from negative n
$$;
comment on function engagement.profiled_reversals__template() is
    'Internal: template: how many reversals of the source take nothing back, too much, or add by '
    'their sign, and how many negative rows reverse nothing.';
