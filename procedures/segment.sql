-- The customers of a segment: whatever its view says, with names and scores.
-- Reads: segment_definition, the segment's view, customer_score, engagement_host.customer.
-- Raises: EG006, EG011.
create or replace function engagement.segment(p_name text)
returns table (
    customer_id engagement.host_key,
    display_name text,
    customer_type text,
    score numeric,
    percentile integer,
    band_code text,
    segment_value numeric
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_name text;
    v_view regclass;
    v_ids engagement.host_key[];
    v_values numeric[];
begin
    perform engagement.check_attached();
    select d.view_name, engagement.segment_view(d.view_name) into v_name, v_view
    from engagement.segment_definition d
    where d.segment_name = p_name;
    if not found then
        raise exception 'unknown segment'
            using errcode = 'EG011', detail = format('segment %L', p_name),
                  hint = 'select segment_name, label from engagement.segment_definition lists them.';
    elsif v_view is null then
        raise exception 'the view of the segment is not there or not of the right shape'
            using errcode = 'EG011', detail = format('segment %s, view %s', p_name, v_name),
                  hint = 'Create a view with the columns customer_id (the host''s key) and '
                         'segment_value (a number), and name it with its schema.';
    end if;
    -- Who it is first: the view may read what a cluster has on its nodes, where the host's rows are
    -- not.
    execute format('select array_agg(g.customer_id::engagement.host_key), '
                   'array_agg(g.segment_value::numeric) from %s g', v_view)
        into v_ids, v_values;
    return query
    select g.id, c.display_name::text, c.customer_type::text, s.score, s.percentile, s.band_code,
           g.segment_value
    from unnest(v_ids, v_values) g (id, segment_value)
    left join engagement.stored_scores(v_ids) s on s.customer_id = g.id
    left join engagement_host.customer c on c.customer_id = g.id
    order by g.segment_value desc nulls last, g.id;
end
$$;
comment on function engagement.segment(text) is
    'Customers of a segment (engagement.segment_definition), the largest segment_value first. '
    'Raises EG011 for an unknown segment, or a view that is not there or not of the right shape.';
