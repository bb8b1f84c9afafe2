-- Internal. Whether reversals that start at an activity go round in a circle, and so lead to no
-- sale.
-- Reads: reversal.
create or replace function engagement.is_circular(
    p_source text, p_source_id engagement.host_key
)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_id engagement.host_key := p_source_id;
begin
    for v_step in 1 .. 50 loop
        select r.reverses_id into v_id
        from engagement.reversal r
        where r.source = p_source and r.source_id = v_id and r.is_shown;
        if not found then
            return false;
        end if;
    end loop;
    return true;
end
$$;
comment on function engagement.is_circular(text, engagement.host_key) is
    'Internal: whether this reversal leads to other reversals without end.';
