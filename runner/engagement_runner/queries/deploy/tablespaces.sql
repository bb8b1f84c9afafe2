-- Where tables and indexes of the package are: the tablespaces of the ledger and of its first index;
-- empty: the database's own.
select coalesce(d.spcname, ''), coalesce(i.spcname, '')
from pg_class as a
join pg_class as l on l.oid = to_regclass('engagement.award_live')
left join pg_tablespace as d on d.oid = a.reltablespace
left join pg_tablespace as i on i.oid = l.reltablespace
where a.oid = to_regclass('engagement.award')
