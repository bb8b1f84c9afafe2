-- Internal. Template: adds to some activities what they take back, now or when they were last seen,
-- and what that takes back in turn, up to the first sale. With a limit it stops as soon as there
-- are more than so many.
-- Definer, because the host's role has no right here.
-- Reads: the view, reversal.
create or replace function engagement.with_reversed__template(
    p_ids engagement.host_key[], p_limit integer default null
)
returns engagement.host_key[]
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set jit = off
as $$
declare
    v_ids engagement.host_key[] := p_ids;
    v_next engagement.host_key[] := p_ids;
begin
    loop
        v_next := array(
            select v.reverses_id::engagement.host_key
            from unnest(v_next) k (key)
            cross join lateral (
                select v.reverses_id from engagement.activity__template v
                where v.source_id = k.key
                offset 0
            ) v
            where v.reverses_id is not null
            union
            select r.reverses_id
            from unnest(v_next) k (key)
            cross join lateral (
                select r.reverses_id from engagement.reversal r
                where r.source = 'template' and r.source_id = k.key
                offset 0
            ) r
            except
            select i from unnest(v_ids) i
            limit p_limit + 1
        );
        exit when v_next = '{}';
        v_ids := v_ids || v_next;
        exit when cardinality(v_ids) > p_limit;
    end loop;
    return v_ids;
end
$$;
comment on function engagement.with_reversed__template(engagement.host_key[], integer) is
    'Internal: template: these activities, and all that they take back directly or indirectly; '
    'with p_limit some of them, if they are more.';
