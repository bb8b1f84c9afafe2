-- Internal. The rows of an outcome's view as they are.
-- Definer: the host's views run as the package's owner.
-- Reads: outcome_source, the view. Raises: EG007, EG017.
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
begin
    select s.view_name into v_view
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
                  hint = format('Deploy the adapter again: engagement deploy --host NAME or '
                                'FILE.sql. Or: call engagement.unregister_outcome(%L);',
                                p_outcome);
    end if;
    return query execute
        'select v.customer_id::engagement.host_key, v.decided_at, v.happened, v.value from '
        || v_view || ' v';
end
$$;
comment on function engagement.read_outcome(text) is
    'Internal: the rows of an outcome''s view. Raises EG007 if the view is not there, EG017 for an '
    'unknown outcome.';
