-- Rules that cap and fade what they award, and the outbox of band crossings.
alter table engagement.score_rule add column cap_points numeric;
alter table engagement.score_rule add column cap_period text;
alter table engagement.score_rule add column half_life_weeks integer;
alter table engagement.score_rule add constraint score_rule_cap check (
    (cap_points is null) = (cap_period is null)
    and cap_points > 0 and cap_points not in ('NaN', 'Infinity')
    and cap_period in ('DAY', 'WEEK', 'MONTH', 'YEAR', 'EVER')
) not valid;
alter table engagement.score_rule add constraint score_rule_half_life check (
    half_life_weeks between 1 and 100000
) not valid;
comment on column engagement.score_rule.cap_points is
    'Most points that a customer can have of this version in one cap_period; NULL: no cap.';
comment on column engagement.score_rule.cap_period is
    'DAY, WEEK, MONTH, YEAR (of effective_at, in TIME_ZONE) or EVER; NULL: no cap.';
comment on column engagement.score_rule.half_life_weeks is
    'Weeks after which an award counts half in score, faded week by week; NULL: it does not fade.';

alter table engagement.customer_score add column announced_band text;
comment on column engagement.customer_score.announced_band is
    'Band that score_event has told of last; NULL: none.';

create table engagement.score_event (
    event_id uuid not null default gen_random_uuid(),
    customer_id engagement.host_key not null,
    event_type text not null,
    from_band text,
    to_band text,
    score numeric not null,
    percentile integer,
    occurred_at timestamptz not null,
    created_at timestamptz not null,
    constraint score_event_pkey primary key (customer_id, event_id),
    constraint score_event_type check (event_type in ('BAND_UP', 'BAND_DOWN'))
);
create index score_event_created on engagement.score_event (created_at, event_id);
comment on table engagement.score_event is
    'Outbox: customers who crossed into another band, one row per crossing, until a consumer takes '
    'it (engagement.take_events). NOTIFY engagement_score_event tells of new ones.';
comment on column engagement.score_event.event_id is 'Names the event.';
comment on column engagement.score_event.customer_id is 'The customer.';
comment on column engagement.score_event.event_type is 'BAND_UP or BAND_DOWN.';
comment on column engagement.score_event.from_band is 'Band before; NULL: none.';
comment on column engagement.score_event.to_band is 'Band now; NULL: none.';
comment on column engagement.score_event.score is 'Score now.';
comment on column engagement.score_event.percentile is 'Percentile now; NULL: not ranked.';
comment on column engagement.score_event.occurred_at is
    'The instant that the score was computed for.';
comment on column engagement.score_event.created_at is 'When the event was written.';

-- Nobody is told of the bands that customers are in already.
update engagement.customer_score set announced_band = band_code where band_code is not null;
