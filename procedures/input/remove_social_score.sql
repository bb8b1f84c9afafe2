-- API. Removes a social community score. Definer, as set_social_score.
-- Writes: social_score. Raises: EG012.
create or replace function engagement.remove_social_score(
    p_customer_id engagement.host_key,
    p_social_type text,
    p_social_subtype text default '',
    p_source_system text default 'MANUAL'
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    delete from engagement.social_score s
    where s.customer_id = p_customer_id and s.source_system = btrim(p_source_system)
          and s.social_type = btrim(p_social_type)
          and s.social_subtype = coalesce(btrim(p_social_subtype), '');
    if not found then
        raise exception 'unknown social score'
            using errcode = 'EG012',
                  detail = format('customer %s, system %L, type %L, subtype %L', p_customer_id,
                                  p_source_system, p_social_type, p_social_subtype),
                  hint = 'select * from engagement.social_score lists them.';
    end if;
end
$$;
comment on function engagement.remove_social_score(engagement.host_key, text, text, text) is
    'Deletes a social community score; its award is voided. Raises EG012 for an unknown one.';
