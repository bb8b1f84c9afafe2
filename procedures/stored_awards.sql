-- The live awards of a source; see stored_scores.
-- Reads: award.
create or replace function engagement.stored_awards(p_source text)
returns setof engagement.award
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select w.* from engagement.award w where w.source = p_source and w.voided_at is null;
end
$$;
comment on function engagement.stored_awards(text) is 'Internal: live awards of a source.';
