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
    v_members text;
    v_scores text := 'engagement.customer_score';
    v_ids engagement.host_key[] := '{}';
    v_values numeric[] := '{}';
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
    v_members := v_view || ' g';
    if engagement.is_distributed() then
        -- Who it is first: the view may read what is on the nodes, where the host's rows are not.
        execute format('select coalesce(array_agg(g.customer_id::engagement.host_key), $1), '
                       'coalesce(array_agg(g.segment_value::numeric), $2) from %s g', v_view)
            into v_ids, v_values using v_ids, v_values;
        v_members := 'unnest($1, $2) g (customer_id, segment_value)';
        v_scores := 'engagement.stored_scores($1)';
    end if;
    return query execute format($sql$
        select g.customer_id::engagement.host_key, c.display_name::text, c.customer_type::text,
               s.score, s.percentile, s.band_code, g.segment_value::numeric
        from %s
        left join %s s on s.customer_id = g.customer_id
        left join engagement_host.customer c on c.customer_id = g.customer_id
        order by g.segment_value desc nulls last, g.customer_id$sql$, v_members, v_scores)
    using v_ids, v_values;
end
$$;
comment on function engagement.segment(text) is
    'Customers of a segment (engagement.segment_definition), the largest segment_value first. '
    'Raises EG011 for an unknown segment, or a view that is not there or not of the right shape.';
