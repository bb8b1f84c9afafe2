-- What the sample association consists of.
select row_to_json(c)::text
from (
    select
        (select count(*) from crm.customer where customer_type = 'INDIVIDUAL') as people,
        (select count(*) from crm.customer where customer_type = 'COMPANY') as companies,
        (select count(*) from crm.order_line) as order_lines,
        (select count(*) from crm.invoice_line) as invoice_lines,
        (select count(*) from crm.committee_member) as committee_seats,
        (select count(*) from engagement.score_rule) as rules,
        (select count(*) from engagement.pending_activity) as queued
) as c
