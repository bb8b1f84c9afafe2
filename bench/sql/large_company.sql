-- Variant of the data: the first 50,000 who are no company work for the same one, all of them where
-- there are fewer.
delete from crm.employment;

insert into crm.employment (employee_id, employer_id, begin_on)
select
    customer_id, 100, (current_setting('bench.until')::timestamptz at time zone 'UTC')::date - 2000
from crm.customer
where customer_type = 'INDIVIDUAL' and customer_id > 0
order by customer_id
limit 50000;
