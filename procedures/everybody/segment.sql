-- API. The customers of a segment, as its view says, with names and scores. If a policy would
-- filter rows, the segment fails instead (row_security is off).
-- Reads: segment_definition, the segment's view, customer_score, category_score, host_customers.
-- Definer, so that no view runs as the caller. Raises: EG005, EG006, EG011, EG015.
create or replace function engagement.segment(
    p_name text, p_category_code text default null
)
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
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = off
as $$
declare
    v_name text;
    v_view regclass;
    v_code text;
    v_ids engagement.host_key[] := '{}';
    v_values numeric[] := '{}';
begin
    perform engagement.check_attached();
    perform engagement.check_category(p_category_code);
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
    v_code := engagement.foreign_code(v_view);
    if v_code is not null then
        raise exception 'the view of the segment runs code of another role'
            using errcode = 'EG015',
                  detail = format('segment %s runs %s', p_name, v_code),
                  hint = format('Once its text is known to be right, a superuser gives it to the '
                                'package''s owner: alter view %s owner to %I; functions likewise.',
                                v_view, current_user);
    end if;
    -- The view runs alone first, because the nodes of a cluster do not have the host's rows.
    perform set_config('engagement.category', coalesce(p_category_code, ''), true);
    execute format('select coalesce(array_agg(g.customer_id::engagement.host_key), $1), '
                   'coalesce(array_agg(g.segment_value::numeric), $2) from %s g', v_view)
        into v_ids, v_values using v_ids, v_values;
    perform set_config('engagement.category', '', true);
    return query
    select g.customer_id, c.display_name, c.customer_type,
           case when p_category_code is null then s.score
                else coalesce(p.score + p.employee_score, 0) end,
           case when p_category_code is null then s.percentile else p.percentile end,
           case when p_category_code is null then s.band_code else p.band_code end,
           g.segment_value
    from unnest(v_ids, v_values) g (customer_id, segment_value)
    left join engagement.stored_scores(v_ids) s on s.customer_id = g.customer_id
    left join engagement.stored_parts(case when p_category_code is not null then v_ids
                                           else '{}' end) p
        on p.customer_id = g.customer_id and p.category_code = p_category_code
    left join engagement.host_customers(v_ids) c on c.customer_id = g.customer_id
    order by g.segment_value desc nulls last, g.customer_id;
end
$$;
comment on function engagement.segment(text, text) is
    'Customers of a segment (engagement.segment_definition), largest segment_value first. '
    'p_category_code: by the points and ranks of a category instead of the total. Raises EG005 for '
    'an unknown category, '
    'EG011 for an unknown segment, or a view that is missing or has the wrong columns, EG015 for a '
    'view that runs code of a role other than the package''s owner.';
