-- The host's sources with their views, as they are registered.
select row_to_json(s)::text
from (
    select
        a.source,
        a.view_name,
        a.engagement_type,
        a.effective_when
    from engagement.activity_source as a
    where a.detached_at is null and a.view_name !~ '^engagement\.'
    order by a.effective_when = 'INVOICE_CREATION', a.source
) as s
