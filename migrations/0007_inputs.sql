-- What does not come from the host: social community scores and manual adjustments. Both are
-- activity sources like the host's tables, local to the coordinator, with triggers of ours. Keys
-- are random, because they need the host's key type and no other session's permission.
create table engagement.social_score (
    customer_id engagement.host_key not null,
    source_system text not null default 'MANUAL',
    social_type text not null,
    social_subtype text not null default '',
    score numeric not null,
    description text not null default '',
    comments text not null default '',
    scored_at timestamptz not null default now(),
    ends_at timestamptz,
    source_id engagement.host_key not null,
    constraint social_score_pkey primary key (
        customer_id, source_system, social_type, social_subtype
    ),
    constraint social_score_names check (source_system <> '' and social_type <> ''),
    constraint social_score_finite check (score not in ('NaN', 'Infinity', '-Infinity')),
    constraint social_score_interval check (
        isfinite(scored_at) and isfinite(ends_at) and ends_at > scored_at
    )
);
create unique index social_score_source on engagement.social_score (source_id, customer_id);
comment on table engagement.social_score is
    'Activity in online communities, entered by hand or uploaded; one row per customer, system, '
    'type and subtype. Points: score × amount_score of the rule SOCIAL_SCORE.';
comment on column engagement.social_score.customer_id is 'The customer.';
comment on column engagement.social_score.source_system is
    'Where it comes from, e.g. HIGHER_LOGIC; MANUAL: entered by hand.';
comment on column engagement.social_score.social_type is
    'Kind of activity, e.g. BLOG; subject_id of its activity.';
comment on column engagement.social_score.social_subtype is
    'Finer kind, e.g. COMMENT; subject_class of its activity; empty: none.';
comment on column engagement.social_score.score is 'The score as that system counts it.';
comment on column engagement.social_score.description is 'What staff read; empty: nothing.';
comment on column engagement.social_score.comments is 'Remarks of staff; empty: none.';
comment on column engagement.social_score.scored_at is 'From when it counts.';
comment on column engagement.social_score.ends_at is 'Until when, exclusive; NULL: open.';
comment on column engagement.social_score.source_id is 'Key of its activity, random.';

-- COPY into this table and look what is left: that could not be loaded, and why.
create table engagement.social_upload (
    line_number bigint,
    customer_id text,
    social_type text,
    social_subtype text,
    score text,
    description text,
    comments text,
    source_system text,
    scored_at text,
    ends_at text,
    upload_id uuid not null default gen_random_uuid(),
    uploaded_at timestamptz not null default now(),
    uploaded_by text not null default session_user,
    rejected_reason text
);
alter table engagement.social_upload replica identity full;
comment on table engagement.social_upload is
    'Door for uploads of social community scores: rows that are inserted or copied here go to '
    'social_score at once; those that cannot stay, with the reason.';
comment on column engagement.social_upload.line_number is
    'Line of the file; NULL when inserted: its position in the statement.';
comment on column engagement.social_upload.customer_id is 'The customer, as text.';
comment on column engagement.social_upload.social_type is 'As social_score.social_type.';
comment on column engagement.social_upload.social_subtype is
    'As social_score.social_subtype; NULL: none.';
comment on column engagement.social_upload.score is 'A finite number, as text.';
comment on column engagement.social_upload.description is 'As social_score.description.';
comment on column engagement.social_upload.comments is 'As social_score.comments.';
comment on column engagement.social_upload.source_system is
    'As social_score.source_system; NULL: UPLOAD.';
comment on column engagement.social_upload.scored_at is
    'From when it counts, without an offset in the session''s time zone; NULL: the upload, or as '
    'it was where the score is the same.';
comment on column engagement.social_upload.ends_at is 'Until when, exclusive; NULL: open.';
comment on column engagement.social_upload.upload_id is 'Names this row.';
comment on column engagement.social_upload.uploaded_at is 'When.';
comment on column engagement.social_upload.uploaded_by is 'The role that was logged in.';
comment on column engagement.social_upload.rejected_reason is
    'Why it was not loaded; every row that stays has one.';

create table engagement.score_adjustment (
    customer_id engagement.host_key not null,
    source_id engagement.host_key not null,
    points numeric not null,
    reason text not null,
    adjusted_by text not null,
    adjusted_at timestamptz not null,
    expires_at timestamptz,
    constraint score_adjustment_pkey primary key (source_id, customer_id),
    constraint score_adjustment_points check (
        points not in ('NaN', 'Infinity', '-Infinity') and points <> 0
    ),
    constraint score_adjustment_reason check (reason <> ''),
    constraint score_adjustment_interval check (expires_at > adjusted_at)
);
comment on table engagement.score_adjustment is
    'Points given or taken by hand, see engagement.adjust; appended only.';
comment on column engagement.score_adjustment.customer_id is 'The customer.';
comment on column engagement.score_adjustment.source_id is 'Key of its activity, random.';
comment on column engagement.score_adjustment.points is
    'Points, times amount_score of the rule ADJUSTMENT.';
comment on column engagement.score_adjustment.reason is 'Why, for staff.';
comment on column engagement.score_adjustment.adjusted_by is
    'The role that was logged in (session_user).';
comment on column engagement.score_adjustment.adjusted_at is 'When; from then on it counts.';
comment on column engagement.score_adjustment.expires_at is
    'Until when, exclusive; NULL: for ever.';

do $$
declare
    v_type text := (select format_type(t.typbasetype, null) from pg_type t
                    where t.oid = 'engagement.host_key'::regtype);
    v_key text := case v_type
        -- The first 60 bits of a random uuid, which are random but for its version.
        when 'bigint' then
            '(''x0'' || translate(left(gen_random_uuid()::text, 18), ''-'', ''''))::bit(64)::bigint'
        when 'uuid' then 'gen_random_uuid()'
        else 'gen_random_uuid()::text' end;
    v_table text;
begin
    foreach v_table in array array['social_score', 'score_adjustment'] loop
        execute format('alter table engagement.%I alter column source_id set default %s',
                       v_table, v_key);
    end loop;
end
$$;
