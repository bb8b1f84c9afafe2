-- Variant of the data: everybody who is no company works for the same one.
delete from crm.employment;

insert into crm.employment (employee_id, employer_id, begin_on)
select
    customer_id, 100, (current_setting('bench.until')::timestamptz at time zone 'UTC')::date - 2000
from crm.customer
where customer_type = 'INDIVIDUAL';
