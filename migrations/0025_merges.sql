-- Customers who turned out to be one. The host moves its own rows; what was entered here for the
-- double is moved by engagement.merge_customer. Both tables are local to the coordinator, like the
-- inputs themselves.
create table engagement.customer_merge (
    from_id engagement.host_key not null,
    into_id engagement.host_key not null,
    merged_at timestamptz not null,
    merged_by text not null,
    is_by_host boolean not null,
    unmerged_at timestamptz,
    unmerged_by text,
    constraint customer_merge_pkey primary key (from_id, merged_at),
    constraint customer_merge_two check (from_id <> into_id),
    constraint customer_merge_end check (
        (unmerged_at is null) = (unmerged_by is null) and unmerged_at >= merged_at
    )
);
create unique index customer_merge_in_force on engagement.customer_merge (from_id)
where unmerged_at is null;
create index customer_merge_into on engagement.customer_merge (into_id);
comment on table engagement.customer_merge is
    'Which customer was merged into which, by whom and until when; see engagement.merge_customer. '
    'A customer is merged into one other at a time.';
comment on column engagement.customer_merge.from_id is 'The customer who was found to be a double.';
comment on column engagement.customer_merge.into_id is
    'The customer that it was merged into. May be merged into another in its turn.';
comment on column engagement.customer_merge.merged_at is 'When.';
comment on column engagement.customer_merge.merged_by is
    'The role that was logged in (session_user).';
comment on column engagement.customer_merge.is_by_host is
    'Whether a run found the pair in engagement_host.merged_customer. Then a run also ends it.';
comment on column engagement.customer_merge.unmerged_at is
    'When the merge was taken back; NULL: in force.';
comment on column engagement.customer_merge.unmerged_by is
    'The role that was logged in; NULL: in force.';

create table engagement.merged_input (
    customer_id engagement.host_key not null,
    source text not null,
    source_id engagement.host_key not null,
    moved_at timestamptz not null,
    set_aside jsonb,
    constraint merged_input_pkey primary key (source_id, source, customer_id),
    constraint merged_input_source check (source in ('adjustment', 'social_score')),
    constraint merged_input_set_aside check (set_aside is null or source = 'social_score')
);
create index merged_input_customer on engagement.merged_input (customer_id);
comment on table engagement.merged_input is
    'Adjustments and social scores that merges have moved or set aside, one row each, with the '
    'customer to whom they go back when the merge is taken back.';
comment on column engagement.merged_input.customer_id is
    'The customer for whom it was entered.';
comment on column engagement.merged_input.source is 'adjustment or social_score.';
comment on column engagement.merged_input.source_id is
    'Its source_id in score_adjustment or social_score, which stays the same when it is moved.';
comment on column engagement.merged_input.moved_at is 'When a merge moved it or set it aside.';
comment on column engagement.merged_input.set_aside is
    'The row of social_score, while a newer one of its system, type and subtype is in force; NULL: '
    'the row itself is in its table, under the customer that this one was merged into.';
