-- Internal. The rows of an outcome's view as they are. The host may have replaced the view since it
-- was registered, so its shape and whose code it runs are looked at each time.
-- Definer: the host's views run as the package's owner.
-- Reads: outcome_source, the view. Raises: EG007, EG015, EG017.
create or replace function engagement.read_outcome(p_outcome text)
returns table (
    customer_id engagement.host_key,
    decided_at timestamptz,
    happened boolean,
    value numeric
)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
as $$
declare
    v_view text;
    v_made_by text;
begin
    select s.view_name, s.made_by into v_view, v_made_by
    from engagement.outcome_source s
    where s.outcome = p_outcome;
    if not found then
        raise exception 'unknown outcome'
            using errcode = 'EG017', detail = format('outcome %L', p_outcome),
                  hint = 'select outcome, description from engagement.outcome_source lists them; '
                         'an adapter adds one: call engagement.register_outcome(…);';
    elsif to_regclass(v_view) is null then
        raise exception 'the view of the outcome is not there'
            using errcode = 'EG007', detail = format('outcome %s, view %s', p_outcome, v_view),
                  hint = format(case v_made_by
                      when 'HAND' then 'Make the view again. Or: '
                      else 'Deploy the adapter again: engagement deploy --host NAME or FILE.sql. '
                           'Or: ' end || 'call engagement.unregister_outcome(%L);', p_outcome);
    end if;
    perform engagement.check_view(
        v_view::regclass,
        array['customer_id', 'decided_at', 'happened', 'value'],
        array['host_key', 'timestamptz', 'boolean', 'numeric']);
    perform engagement.check_trusted(v_view::regclass, format('view %s', v_view));
    begin
        return query execute
            'select v.customer_id::engagement.host_key, v.decided_at, v.happened, v.value from '
            || v_view || ' v';
    exception when others then
        raise exception 'the view of the outcome cannot be read'
            using errcode = 'EG007',
                  detail = format('outcome %s, view %s: %s %s', p_outcome, v_view, sqlstate,
                                  sqlerrm),
                  hint = format('Look at it: select pg_get_viewdef(%L::regclass, true);', v_view);
    end;
end
$$;
comment on function engagement.read_outcome(text) is
    'Internal: the rows of an outcome''s view. Raises EG007 if the view is not there, has another '
    'shape or cannot be read, EG015 if it runs code of a role that is not trusted, EG017 for an '
    'unknown outcome.';
