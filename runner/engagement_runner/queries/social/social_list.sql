-- Social community scores of a customer, or with NULL of all.
select row_to_json(s)::text
from (
    select
        s.customer_id, c.display_name, s.social_type, s.social_subtype, s.source_system, s.score,
        s.description, s.comments, s.scored_at, s.ends_at
    from engagement.social_score as s
    left join
        engagement.host_customers(
            case when %(customer)s::text is not null
                then array[engagement.customer_key(%(customer)s::text)]::engagement.host_key[] end
        ) as c using (customer_id)
    where %(customer)s::text is null or s.customer_id = engagement.customer_key(%(customer)s::text)
    order by s.customer_id, s.social_type, s.social_subtype, s.source_system
) as s
