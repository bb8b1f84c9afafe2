-- Takes out the lines that this transaction has uploaded and that could not be loaded.
with rejected as (
    delete from engagement.social_upload
    where uploaded_at = now() and uploaded_by = session_user
    returning line_number, customer_id, social_type, social_subtype, score, rejected_reason
)
select row_to_json(r)::text
from rejected as r
order by r.line_number
