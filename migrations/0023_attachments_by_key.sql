-- A table may be attached to one source several times. What an attachment or a row of the queue
-- says by a special value, a column or a table of its own says from here on.

-- A transaction that switches scoring on, and has begun under the earlier routines, ends first.
select pg_catalog.pg_advisory_xact_lock(1701734241, 3);

alter table engagement.attached_table add column is_settings boolean not null default false;
update engagement.attached_table set is_settings = true where key_expression = 'null';
comment on table engagement.attached_table is
    'Attachments: host tables that carry the package''s triggers, by which key and for which '
    'source; see attach_triggers. A table may have several, also for one source.';
comment on column engagement.attached_table.is_settings is
    'Whether any activity of the source may depend on the table: a change of it queues the whole '
    'source, and no key.';
comment on column engagement.attached_table.key_expression is
    'SQL expression over its row that gives the key; null for a table of settings.';
comment on column engagement.attached_table.activity_column is
    'Column of the activity view that has that key; without meaning for a table of settings.';

-- Nothing here alters the queue itself: triggers wait for it 50 ms, and a deployment takes longer.
create table engagement.pending_recheck (
    source text not null,
    writers text[],
    queued_at timestamptz not null default now()
);
alter table engagement.pending_recheck replica identity full;
comment on table engagement.pending_recheck is
    'Sources to compare once more since scoring was switched on: a transaction that wrote before, '
    'uncaptured, may commit only after the first run.';
comment on column engagement.pending_recheck.source is 'Source.';
comment on column engagement.pending_recheck.writers is
    'Virtual transactions that were writing to attached tables when the first run looked; the '
    'source is compared when they have ended. NULL: no run has looked yet.';
comment on column engagement.pending_recheck.queued_at is 'When scoring was switched on.';

with taken as (
    delete from engagement.pending_activity as p
    where p.activity_column = 'recheck'
    returning p.source, p.keys, p.queued_at
)

insert into engagement.pending_recheck (source, writers, queued_at)
select
    t.source,
    nullif(t.keys, '{}'),
    t.queued_at
from taken as t;
comment on column engagement.pending_activity.source is
    'Source; or customer, whose totals are to be summed; or employment, whose activities may have '
    'another employer. Like engagement_host.customer and engagement_host.employment, these two '
    'stand beside the sources, which cannot have their names.';
comment on column engagement.pending_activity.activity_column is
    'Column of the activity view that the keys belong to; NULL: no keys, the source as a whole.';
