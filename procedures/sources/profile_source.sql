-- Internal. Profiles the rows of an activity view, see profile_source__template.
-- Definer: the view runs as the package's owner.
-- Reads: activity_source. Raises: EG006; any error of the view.
create or replace function engagement.profile_source(
    p_source text, p_sample_count integer default 3, out profile json, out findings json
)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (select from engagement.activity_source s
                   where s.source = p_source and to_regclass(s.view_name) is not null) then
        raise exception 'unknown source'
            using errcode = 'EG006', detail = format('source %L', p_source),
                  hint = 'select source from engagement.activity_source lists them.';
    end if;
    execute format('select p.profile, p.findings from engagement.%I($1) p',
                   'profile_source__' || p_source)
        into profile, findings using p_sample_count;
end
$$;
comment on function engagement.profile_source(text, integer) is
    'Internal: for adapter check. profile: rows, customers and dates of the view of a registered '
    'source, with some of its rows. findings: NULLs, duplicate keys, values out of range, unknown '
    'customers, rows without a rule, odd reversals. Reads the whole view. Raises EG006 for an '
    'unknown source.';
