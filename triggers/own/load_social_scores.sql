-- Internal. Loads rows that are inserted or copied into social_upload into social_score, in the
-- same statement. Good rows are upserted and leave social_upload; the others stay with the reason.
-- Of two rows for one score the later counts. A row that is inserted with a reason stays with that
-- reason.
-- Definer, so that an uploader needs only INSERT on social_upload. Rows are not loaded one by one,
-- because an upload may be long. One statement does everything, because a transaction that has
-- created a temporary table cannot be prepared for two-phase commit.
-- Reads: engagement_host.customer, social_score. Writes: social_upload, social_score; for the rest
-- of the transaction the setting engagement.upload_counts.
-- Raises: EG006.
create or replace function engagement.load_social_scores()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_good_count bigint;
    v_new_count bigint;
    v_written_count bigint;
begin
    perform engagement.check_attached();
    -- All CTEs see the tables as they were before this statement. A CTE that writes finds its rows
    -- by the key of the table.
    with given as materialized (
        select u.upload_id, row_number() over () as position,
               coalesce(u.line_number, row_number() over ()) as line_number,
               engagement.try_key(nullif(btrim(u.customer_id), '')) as customer_id,
               coalesce(nullif(btrim(u.source_system), ''), 'UPLOAD') as source_system,
               btrim(u.social_type) as social_type,
               coalesce(btrim(u.social_subtype), '') as social_subtype,
               case when u.score ~ '^[[:space:]]*[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)'
                                   '([eE][-+]?[0-9]{1,3})?[[:space:]]*$'
                         and length(u.score) <= 100
                    then u.score::numeric end as score,
               coalesce(u.description, '') as description, coalesce(u.comments, '') as comments,
               nullif(btrim(u.scored_at), '') as scored_text,
               engagement.as_instant(nullif(btrim(u.scored_at), '')) as given_at,
               nullif(btrim(u.ends_at), '') as ends_text,
               engagement.as_instant(nullif(btrim(u.ends_at), '')) as ends_at,
               u.customer_id as customer_text, u.score as score_text, u.rejected_reason
        from new_rows u
    ),
    -- scored_at is the given instant; else the stored one if the score is the same; else now.
    dated as materialized (
        select k.*, o.customer_id is null as is_new,
               coalesce(k.given_at, case when o.score = k.score then o.scored_at end, now())
                   as scored_at
        from given k
        left join engagement.social_score o
            on o.customer_id = k.customer_id and o.source_system = k.source_system
               and o.social_type = k.social_type and o.social_subtype = k.social_subtype
    ),
    judged as materialized (
        select u.*, coalesce(nullif(u.rejected_reason, ''), nullif(concat_ws('; ',
            case when coalesce(btrim(u.customer_text), '') = '' then 'customer_id is missing'
                 when u.customer_id is null then format('customer_id %s is no key', u.customer_text)
                 when not exists (select from engagement_host.customer c
                                  where c.customer_id = u.customer_id)
                      then format('customer %s is unknown', u.customer_text) end,
            case when coalesce(u.social_type, '') = '' then 'type is missing' end,
            case when greatest(length(u.social_type), length(u.social_subtype),
                               length(u.source_system)) > 100
                 then 'type, subtype or system is longer than 100 characters' end,
            case when coalesce(btrim(u.score_text), '') = '' then 'score is missing'
                 when u.score is null
                      then format('score %s is not a finite number', u.score_text) end,
            case when u.scored_text is not null
                      and engagement.is_instant(u.given_at) is not true
                 then format('scored_at %s is no instant', u.scored_text) end,
            case when u.ends_text is not null and (u.ends_at is null or not isfinite(u.ends_at))
                      then format('ends_at %s is no instant', u.ends_text)
                 when u.ends_at <= u.scored_at
                      then format('ends_at %s is not later than scored_at', u.ends_text) end
            ), '')) as own_reason
        from dated u
    ),
    decided as materialized (
        select j.*, coalesce(j.own_reason,
                   'line ' || lead(j.line_number) over (
                       partition by j.own_reason is null, j.customer_id, j.source_system,
                                    j.social_type, j.social_subtype
                       order by j.position)
                   || ' has the same customer, system, type and subtype') as reason
        from judged j
    ),
    written as (
        insert into engagement.social_score as s (
            customer_id, source_system, social_type, social_subtype, score, description, comments,
            scored_at, ends_at
        )
        select u.customer_id, u.source_system, u.social_type, u.social_subtype, u.score,
               u.description, u.comments, u.scored_at, u.ends_at
        from decided u
        where u.reason is null
        order by u.customer_id, u.source_system, u.social_type, u.social_subtype
        on conflict (customer_id, source_system, social_type, social_subtype) do update
        set score = excluded.score, description = excluded.description,
            comments = excluded.comments, scored_at = excluded.scored_at,
            ends_at = excluded.ends_at
        where (s.score, s.description, s.comments, s.scored_at, s.ends_at)
              is distinct from (excluded.score, excluded.description, excluded.comments,
                                excluded.scored_at, excluded.ends_at)
        returning 1
    ),
    gone as (
        delete from engagement.social_upload l
        using decided u
        where u.upload_id = l.upload_id and u.reason is null
    ),
    rejected as (
        update engagement.social_upload l
        set rejected_reason = u.reason, line_number = u.line_number
        from decided u
        where u.upload_id = l.upload_id and u.reason is not null
    )
    select count(*), count(*) filter (where u.is_new), (select count(*) from written)
    into v_good_count, v_new_count, v_written_count
    from decided u
    where u.reason is null;
    perform set_config('engagement.upload_counts', json_build_object(
        'new_count', v_new_count,
        'changed_count', v_written_count - v_new_count,
        'unchanged_count', v_good_count - v_written_count)::text, true);
    return null;
end
$$;
comment on function engagement.load_social_scores() is
    'Internal: trigger of social_upload: loads inserted or copied rows into social_score; rows '
    'that cannot be loaded stay, with the reason. Afterwards '
    'current_setting(''engagement.upload_counts'') has, as JSON, how many scores of the last such '
    'statement of this transaction were new, changed or unchanged.';

create or replace trigger social_upload_load
after insert on engagement.social_upload
referencing new table as new_rows
for each statement execute function engagement.load_social_scores();
comment on trigger social_upload_load on engagement.social_upload is
    'Loads inserted or copied rows into social_score.';
