-- Internal. The rows of an outcome's view as they are.
-- Definer: the host's views run as the package's owner.
-- Reads: check_outcome_view, the view. Raises: EG007, EG015, EG017.
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
    v_view constant text := engagement.check_outcome_view(p_outcome);
begin
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
