-- Internal. The view of an outcome, if it may be read. The host may have replaced it since it was
-- registered, so its shape and whose code it runs are looked at each time.
-- Definer, as register_outcome is: only the owner sees whose code a view runs.
-- Reads: outcome_source, pg_catalog. Raises: EG007, EG015, EG017.
create or replace function engagement.check_outcome_view(p_outcome text)
returns text
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
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
    return v_view;
end
$$;
comment on function engagement.check_outcome_view(text) is
    'Internal: the qualified name of an outcome''s view. Raises EG007 if the view is not there or '
    'has another shape, EG015 if it runs code of a role that is not trusted, EG017 for an unknown '
    'outcome.';
