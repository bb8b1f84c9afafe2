-- What is inserted or copied into social_upload goes to social_score at once, in the same
-- statement: the good rows are upserted and leave, the others stay with the reason. Of two rows for
-- one score the later counts. Definer, so that an uploader needs no right but INSERT here; nothing
-- goes row by row, because an upload may be long.
-- Reads: engagement_host.customer, social_score. Writes: social_upload, social_score.
create or replace function engagement.load_social_scores()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    create temporary table engagement_upload on commit drop as
    select u.upload_id, coalesce(u.line_number, row_number() over ()) as line_number,
           engagement.as_key(nullif(btrim(u.customer_id), '')) as customer_id,
           coalesce(nullif(btrim(u.source_system), ''), 'UPLOAD') as source_system,
           btrim(u.social_type) as social_type,
           coalesce(btrim(u.social_subtype), '') as social_subtype,
           case when u.score ~ '^\s*[-+]?(\d+\.?\d*|\.\d+)\s*$' and length(u.score) <= 100
                then u.score::numeric end as score,
           coalesce(u.description, '') as description, coalesce(u.comments, '') as comments,
           nullif(btrim(u.scored_at), '') as scored_text,
           engagement.as_instant(nullif(btrim(u.scored_at), '')) as scored_at,
           nullif(btrim(u.ends_at), '') as ends_text,
           engagement.as_instant(nullif(btrim(u.ends_at), '')) as ends_at,
           u.customer_id as customer_text, u.score as score_text,
           null::text as reason
    from new_rows u;
    -- Without an instant: now, or since when the same score has been there.
    update pg_temp.engagement_upload u
    set scored_at = coalesce((
        select s.scored_at
        from engagement.social_score s
        where s.customer_id = u.customer_id and s.source_system = u.source_system
              and s.social_type = u.social_type and s.social_subtype = u.social_subtype
              and s.score = u.score
    ), now())
    where u.scored_text is null;

    update pg_temp.engagement_upload u
    set reason = nullif(concat_ws('; ',
        case when coalesce(btrim(u.customer_text), '') = '' then 'customer_id is missing'
             when u.customer_id is null then format('customer_id %s is no key', u.customer_text)
             when not exists (select from engagement_host.customer c
                              where c.customer_id = u.customer_id)
                  then format('customer %s is unknown', u.customer_text) end,
        case when coalesce(u.social_type, '') = '' then 'type is missing' end,
        case when coalesce(btrim(u.score_text), '') = '' then 'score is missing'
             when u.score is null then format('score %s is not a finite number', u.score_text) end,
        case when u.scored_text is not null and (u.scored_at is null or not isfinite(u.scored_at))
             then format('scored_at %s is no instant', u.scored_text) end,
        case when u.ends_text is not null and (u.ends_at is null or not isfinite(u.ends_at))
                  then format('ends_at %s is no instant', u.ends_text)
             when u.ends_at <= u.scored_at
                  then format('ends_at %s is not later than scored_at', u.ends_text) end), '');
    update pg_temp.engagement_upload u
    set reason = format('line %s has the same customer, system, type and subtype', l.line_number)
    from (
        select p.upload_id, lead(p.line_number) over (
                   partition by p.customer_id, p.source_system, p.social_type, p.social_subtype
                   order by p.line_number) as line_number
        from pg_temp.engagement_upload p
        where p.reason is null
    ) l
    where l.upload_id = u.upload_id and l.line_number is not null;

    insert into engagement.social_score as s (
        customer_id, source_system, social_type, social_subtype, score, description, comments,
        scored_at, ends_at
    )
    select u.customer_id, u.source_system, u.social_type, u.social_subtype, u.score, u.description,
           u.comments, u.scored_at, u.ends_at
    from pg_temp.engagement_upload u
    where u.reason is null
    on conflict (customer_id, source_system, social_type, social_subtype) do update
    set score = excluded.score, description = excluded.description, comments = excluded.comments,
        scored_at = excluded.scored_at, ends_at = excluded.ends_at
    where (s.score, s.description, s.comments, s.scored_at, s.ends_at)
          is distinct from (excluded.score, excluded.description, excluded.comments,
                            excluded.scored_at, excluded.ends_at);

    delete from engagement.social_upload l
    using pg_temp.engagement_upload u
    where u.upload_id = l.upload_id and u.reason is null;
    update engagement.social_upload l
    set rejected_reason = u.reason, line_number = u.line_number
    from pg_temp.engagement_upload u
    where u.upload_id = l.upload_id;
    drop table pg_temp.engagement_upload;
    return null;
end
$$;
comment on function engagement.load_social_scores() is
    'Trigger of social_upload: loads what was inserted or copied there into social_score; rows '
    'that cannot be loaded stay, with the reason.';

create or replace trigger social_upload_load
after insert on engagement.social_upload
referencing new table as new_rows
for each statement execute function engagement.load_social_scores();
comment on trigger social_upload_load on engagement.social_upload is
    'Loads what was inserted or copied into social_score.';
