-- The name of each category by its code, as JSON text.
select jsonb_object_agg(c.category_code, c.category_name)::text from engagement.category c
