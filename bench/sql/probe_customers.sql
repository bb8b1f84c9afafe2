insert into crm.customer (display_name)
select 'Probe ' || n
from generate_series(1, %(count)s) as n
returning customer_id
