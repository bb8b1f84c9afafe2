-- API. A preview in one object: how many customers move, by how much, and who moves most.
-- Reads: what preview_rules reads.
create or replace function engagement.preview_summary(
    p_changes jsonb,
    p_retroactive boolean default true,
    p_as_of timestamptz default null,
    p_mover_count integer default 10
)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_scale engagement.band_scale := engagement.band_scale();
begin
    return (
        with p as materialized (
            select r.*, row_number() over () as position
            from engagement.preview_rules(p_changes, p_retroactive, p_as_of) r
        )
        select jsonb_build_object(
            'as_of', coalesce(p_as_of, engagement.scored_at()),
            'customer_count', count(*),
            'risen_count', count(*) filter (where p.change > 0),
            'fallen_count', count(*) filter (where p.change < 0),
            'band_up_count', count(*) filter (
                where engagement.band_rank(v_scale, p.new_band_code)
                      > engagement.band_rank(v_scale, p.old_band_code)),
            'band_down_count', count(*) filter (
                where engagement.band_rank(v_scale, p.new_band_code)
                      < engagement.band_rank(v_scale, p.old_band_code)),
            'own_change', coalesce(sum(p.new_own_score - p.old_own_score), 0),
            'largest_movers', coalesce(
                jsonb_agg(to_jsonb(p) - 'position' order by p.position)
                    filter (where p.position <= p_mover_count), '[]'))
        from p
    );
end
$$;
comment on function engagement.preview_summary(jsonb, boolean, timestamptz, integer) is
    'preview_rules in one object: as_of, customer_count, risen_count, fallen_count, band_up_count, '
    'band_down_count, own_change (sum of own points) and the p_mover_count largest_movers.';
