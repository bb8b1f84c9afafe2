-- Indexes of schema engagement, and whether each is usable.
select c.relname, i.indisvalid and i.indisready as is_valid
from pg_catalog.pg_index as i
join pg_catalog.pg_class as c on c.oid = i.indexrelid
where c.relnamespace = pg_catalog.to_regnamespace('engagement')
order by c.relname
