-- How many awards of an order were voided for its employer.
select count(*)
from engagement.award as w
where
    w.document_id = %(order_id)s::engagement.host_key and w.source = 'order_line'
    and w.void_reason = 'EMPLOYER_CHANGED'
