-- Internal. Whether the host shows a subject under another class. A rule that names both a subject
-- and a class does not score the subject then. Without a host the answer is false.
-- Definer: the host's views run as the package's owner.
-- Reads: engagement_host.subject.
create or replace function engagement.is_of_another_class(
    p_engagement_type text, p_subject_id text, p_subject_class text
)
returns boolean
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
    if to_regclass('engagement_host.subject') is null then
        return false;
    end if;
    return exists (
        select from engagement_host.subject h
        where h.engagement_type = p_engagement_type and h.subject_id = p_subject_id
              and h.subject_class <> p_subject_class);
end
$$;
comment on function engagement.is_of_another_class(text, text, text) is
    'Internal: whether the host shows a subject of an engagement type with another class.';
