-- Internal. The customers whose totals depend on some activities: who has or had an award of one of
-- them, and the companies that it counts or counted for. Live awards and voided ones each have an
-- index of their own.
-- Reads: award.
create or replace function engagement.concerned_customers(
    p_source text, p_source_ids engagement.host_key[]
)
returns engagement.host_key[]
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
begin
    return array(
        with found as materialized (
            select w.customer_id, w.employer_id
            from engagement.awards_of_activities(p_source, p_source_ids, true) w
            union
            select w.customer_id, w.employer_id
            from engagement.awards_of_activities(p_source, p_source_ids, false) w
        )
        select f.customer_id from found f
        union
        select f.employer_id from found f where f.employer_id is not null
    );
end
$$;
comment on function engagement.concerned_customers(text, engagement.host_key[]) is
    'Internal: customers and companies that have, or ever had, an award of these activities (each '
    'given once).';
