-- Bytes per award, in all and by part.
select part, (bytes / greatest(awards, 1))::numeric as bytes_per_award
from (
    select 'total' as part, pg_total_relation_size('engagement.award') as bytes, 0 as place
    union all
    select 'heap', pg_relation_size('engagement.award'), 1
    union all
    select c.relname, pg_relation_size(i.indexrelid), 2
    from pg_index as i
    join pg_class as c on c.oid = i.indexrelid
    where i.indrelid = 'engagement.award'::regclass
) as p
cross join (select count(*) as awards from engagement.award) as a
order by p.place, p.part;
