-- Internal. The host's name of a subject.
-- Definer: the host's views run as the package's owner, whoever asks.
-- Reads: engagement_host.subject.
create or replace function engagement.subject_name(p_engagement_type text, p_subject_id text)
returns text
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
begin
    if p_subject_id is null or to_regclass('engagement_host.subject') is null then
        return null;
    end if;
    return (
        select s.display_name
        from engagement_host.subject s
        where s.engagement_type = p_engagement_type and s.subject_id = p_subject_id
        limit 1
    );
end
$$;
comment on function engagement.subject_name(text, text) is
    'Internal: the host''s name of a product or committee; NULL: it has none, or no host is '
    'attached.';
