-- Host adapter of the reference CRM (schema crm), and the worked example for writing your own.
--
-- An adapter is one file of plain SQL, applied in one transaction and again after every change:
--   1. one view per activity source, in schema engagement_host, with ten columns, or eleven
--      if its rows may take back others, and three views (customer, employment, subject) that
--      may be empty;
--   2. one engagement.register_source call per activity source;
--   3. one engagement.attach_triggers call per table that a view reads;
--   4. if scores are to be compared with what happens later, one view per outcome and one
--      engagement.register_outcome call for it.
--
-- What counts, and why:
--   * An order line counts while its order is PLACED and the line ACTIVE. A draft is no sale yet,
--     and a cancelled order or line never became one. Being in the view is what counts: when a
--     draft is placed its lines enter the view and earn; when it is cancelled they leave, and what
--     they earned is voided.
--   * An invoice line counts while its invoice is POSTED or PAID. Payment adds nothing, so that
--     nobody's score moves because a bank transfer arrived.
--   * A credit note is an invoice whose lines take back earlier ones: reverses_id says which. Such
--     a line earns nothing itself. The earlier line keeps what the rest of it earns, with its own
--     date.
--   * A committee seat counts from the start of its first day to the end of its last one, in the
--     organisation's time zone. An inclusive end date becomes the start of the day after it.
--   * A profile attribute (certified, a complete profile) counts while it holds. The host deletes
--     its row when it no longer does, so the view shows what holds now, since when, and no end.
--   * Points go to whoever receives the product, not to whoever pays.
--
-- Casts to engagement.host_key cost nothing: crm.key and engagement.host_key are domains without
-- constraints over one base type, and PostgreSQL looks through such a cast to the index.

create or replace view engagement_host.order_line as
select
    l.order_line_id::engagement.host_key as source_id,
    l.order_id::engagement.host_key as document_id,
    l.ship_customer_id::engagement.host_key as customer_id,
    o.employer_id::engagement.host_key as employer_id,
    l.product_id as subject_id,
    p.product_class as subject_class,
    l.quantity,
    l.amount,
    o.ordered_at as occurred_at,
    null::timestamptz as ended_at
from crm.order_line as l
join crm.sales_order as o on o.order_id = l.order_id
join crm.product as p on p.product_id = l.product_id
where l.line_status = 'ACTIVE' and o.order_status = 'PLACED';

comment on view engagement_host.order_line is
'Activity source: active lines of placed orders';
comment on column engagement_host.order_line.source_id is 'Order line';
comment on column engagement_host.order_line.document_id is 'Order';
comment on column engagement_host.order_line.customer_id is 'Ship-to customer of the line';
comment on column engagement_host.order_line.employer_id is 'Employer chosen on the order';
comment on column engagement_host.order_line.subject_id is 'Product';
comment on column engagement_host.order_line.subject_class is 'Class of the product';
comment on column engagement_host.order_line.quantity is 'Quantity; negative on a return';
comment on column engagement_host.order_line.amount is 'Price of the line, base currency';
comment on column engagement_host.order_line.occurred_at is 'When the order was placed';
comment on column engagement_host.order_line.ended_at is 'Always NULL: a purchase has no end';

create or replace view engagement_host.invoice_line as
select
    l.invoice_line_id::engagement.host_key as source_id,
    l.invoice_id::engagement.host_key as document_id,
    l.ship_customer_id::engagement.host_key as customer_id,
    i.employer_id::engagement.host_key as employer_id,
    l.product_id as subject_id,
    p.product_class as subject_class,
    l.quantity,
    l.amount,
    i.invoiced_at as occurred_at,
    null::timestamptz as ended_at,
    l.reverses_line_id::engagement.host_key as reverses_id
from crm.invoice_line as l
join crm.invoice as i on i.invoice_id = l.invoice_id
join crm.product as p on p.product_id = l.product_id
where i.invoice_status in ('POSTED', 'PAID');

comment on view engagement_host.invoice_line is
'Activity source: lines of posted and paid invoices and credit notes';
comment on column engagement_host.invoice_line.source_id is 'Invoice line';
comment on column engagement_host.invoice_line.document_id is 'Invoice';
comment on column engagement_host.invoice_line.customer_id is 'Ship-to customer of the line';
comment on column engagement_host.invoice_line.employer_id is 'Employer chosen on the invoice';
comment on column engagement_host.invoice_line.subject_id is 'Product';
comment on column engagement_host.invoice_line.subject_class is 'Class of the product';
comment on column engagement_host.invoice_line.quantity is
'Quantity; negative on a credit note';
comment on column engagement_host.invoice_line.amount is
'Price of the line, base currency; negative on a credit note';
comment on column engagement_host.invoice_line.occurred_at is
'When the invoice was issued';
comment on column engagement_host.invoice_line.ended_at is
'Always NULL: a purchase has no end';
comment on column engagement_host.invoice_line.reverses_id is
'Of a credit note: the invoice line that it takes back';

create or replace view engagement_host.committee_seat as
select
    m.committee_member_id::engagement.host_key as source_id,
    null::engagement.host_key as document_id,
    m.customer_id::engagement.host_key as customer_id,
    null::engagement.host_key as employer_id,
    m.committee_id as subject_id,
    c.committee_class as subject_class,
    1::numeric as quantity,
    0::numeric as amount,
    engagement.start_of_day(m.begin_on, engagement.parameter('TIME_ZONE')) as occurred_at,
    engagement.start_of_day(m.end_on + 1, engagement.parameter('TIME_ZONE')) as ended_at
from crm.committee_member as m
join crm.committee as c on c.committee_id = m.committee_id;

comment on view engagement_host.committee_seat is
'Activity source: seats on committees, past, present and future';
comment on column engagement_host.committee_seat.source_id is 'Seat';
comment on column engagement_host.committee_seat.document_id is
'Always NULL: a committee''s code is text, so a committee is found as the subject';
comment on column engagement_host.committee_seat.customer_id is 'Who holds the seat';
comment on column engagement_host.committee_seat.employer_id is 'Always NULL: none is chosen';
comment on column engagement_host.committee_seat.subject_id is 'Committee';
comment on column engagement_host.committee_seat.subject_class is 'Class of the committee';
comment on column engagement_host.committee_seat.quantity is 'Always 1: one seat';
comment on column engagement_host.committee_seat.amount is 'Always 0';
comment on column engagement_host.committee_seat.occurred_at is
'Start of the first day, in the time zone of the parameter TIME_ZONE';
comment on column engagement_host.committee_seat.ended_at is
'Start of the day after the last one, in the same time zone; NULL: open';

create or replace view engagement_host.profile as
select
    a.customer_attribute_id::engagement.host_key as source_id,
    null::engagement.host_key as document_id,
    a.customer_id::engagement.host_key as customer_id,
    null::engagement.host_key as employer_id,
    a.attribute_id as subject_id,
    null::text as subject_class,
    1::numeric as quantity,
    0::numeric as amount,
    a.since as occurred_at,
    null::timestamptz as ended_at
from crm.customer_attribute as a;

comment on view engagement_host.profile is
'Activity source: what is true of customers now';
comment on column engagement_host.profile.source_id is 'Attribute of the customer';
comment on column engagement_host.profile.document_id is 'Always NULL: it has no document';
comment on column engagement_host.profile.customer_id is 'Of whom it is true';
comment on column engagement_host.profile.employer_id is 'Always NULL: none is chosen';
comment on column engagement_host.profile.subject_id is 'Attribute';
comment on column engagement_host.profile.subject_class is 'Always NULL: attributes have no class';
comment on column engagement_host.profile.quantity is 'Always 1: it is true';
comment on column engagement_host.profile.amount is 'Always 0';
comment on column engagement_host.profile.occurred_at is 'Since when it has been true';
comment on column engagement_host.profile.ended_at is
'Always NULL: when it ends, the row leaves the view';

create or replace view engagement_host.customer as
select
    c.customer_id::engagement.host_key as customer_id,
    c.customer_type,
    c.display_name,
    c.is_active
from crm.customer as c;

comment on view engagement_host.customer is 'Everybody who has a score, people and companies';
comment on column engagement_host.customer.customer_id is 'Customer';
comment on column engagement_host.customer.customer_type is 'INDIVIDUAL or COMPANY';
comment on column engagement_host.customer.display_name is 'Name as staff read it';
comment on column engagement_host.customer.is_active is
'False once the customer has left or is a duplicate';

create or replace view engagement_host.employment as
select
    e.employee_id::engagement.host_key as employee_id,
    e.employer_id::engagement.host_key as employer_id,
    e.is_primary,
    e.begin_on,
    e.end_on
from crm.employment as e;

comment on view engagement_host.employment is 'Who works, or worked, for which company';
comment on column engagement_host.employment.employee_id is 'The person';
comment on column engagement_host.employment.employer_id is 'The company';
comment on column engagement_host.employment.is_primary is 'True: the main employer at the time';
comment on column engagement_host.employment.begin_on is 'First day; NULL: not known';
comment on column engagement_host.employment.end_on is
'Last day, inclusive; NULL: still employed';

create or replace view engagement_host.subject as
select
    'PRODUCT_PURCHASE'::text as engagement_type,
    p.product_id as subject_id,
    p.product_class as subject_class,
    p.display_name
from crm.product as p
union all
select
    'COMMITTEE_PARTICIPATION'::text as engagement_type,
    c.committee_id as subject_id,
    c.committee_class as subject_class,
    c.display_name
from crm.committee as c
union all
select
    'PROFILE'::text as engagement_type,
    a.attribute_id as subject_id,
    null::text as subject_class,
    a.display_name
from crm.attribute as a;

comment on view engagement_host.subject is 'Labels of products and committees';
comment on column engagement_host.subject.engagement_type is
'Engagement type whose subjects these are';
comment on column engagement_host.subject.subject_id is 'Product or committee';
comment on column engagement_host.subject.subject_class is 'Its class';
comment on column engagement_host.subject.display_name is 'Its name as staff read it';

call engagement.register_source(
    p_source => 'order_line',
    p_engagement_type => 'PRODUCT_PURCHASE',
    p_effective_when => 'ORDER_CREATION',
    p_view => 'engagement_host.order_line');

call engagement.register_source(
    p_source => 'invoice_line',
    p_engagement_type => 'PRODUCT_PURCHASE',
    p_effective_when => 'INVOICE_CREATION',
    p_view => 'engagement_host.invoice_line');

call engagement.register_source(
    p_source => 'committee_seat',
    p_engagement_type => 'COMMITTEE_PARTICIPATION',
    p_effective_when => null,
    p_view => 'engagement_host.committee_seat');

call engagement.register_source(
    p_source => 'profile',
    p_engagement_type => 'PROFILE',
    p_effective_when => null,
    p_view => 'engagement_host.profile');

-- Each table that a view reads, and how its rows lead to rows of the view: the line by its own
-- key, the header by the document's key, the product by the subject's (its class may change).

call engagement.attach_triggers(
    p_source => 'order_line',
    p_table => 'crm.order_line',
    p_key_column => 'order_line_id',
    p_activity_column => 'source_id');

call engagement.attach_triggers(
    p_source => 'order_line',
    p_table => 'crm.sales_order',
    p_key_column => 'order_id',
    p_activity_column => 'document_id');

call engagement.attach_triggers(
    p_source => 'order_line',
    p_table => 'crm.product',
    p_key_column => 'product_id',
    p_activity_column => 'subject_id');

call engagement.attach_triggers(
    p_source => 'invoice_line',
    p_table => 'crm.invoice_line',
    p_key_column => 'invoice_line_id',
    p_activity_column => 'source_id');

call engagement.attach_triggers(
    p_source => 'invoice_line',
    p_table => 'crm.invoice',
    p_key_column => 'invoice_id',
    p_activity_column => 'document_id');

call engagement.attach_triggers(
    p_source => 'invoice_line',
    p_table => 'crm.product',
    p_key_column => 'product_id',
    p_activity_column => 'subject_id');

call engagement.attach_triggers(
    p_source => 'committee_seat',
    p_table => 'crm.committee_member',
    p_key_column => 'committee_member_id',
    p_activity_column => 'source_id');

call engagement.attach_triggers(
    p_source => 'committee_seat',
    p_table => 'crm.committee',
    p_key_column => 'committee_id',
    p_activity_column => 'subject_id');

call engagement.attach_triggers(
    p_source => 'profile',
    p_table => 'crm.customer_attribute',
    p_key_column => 'customer_attribute_id',
    p_activity_column => 'source_id');

-- Two sources that earn nothing by themselves: a new customer needs a score of 0, and a changed
-- employment moves points from one employer to another.

call engagement.attach_triggers(
    p_source => 'customer',
    p_table => 'crm.customer',
    p_key_column => 'customer_id',
    p_activity_column => 'customer_id');

call engagement.attach_triggers(
    p_source => 'employment',
    p_table => 'crm.employment',
    p_key_column => 'employee_id',
    p_activity_column => 'customer_id');

-- An outcome: does a member renew? A membership is an order line of class MEMBERSHIP that counts,
-- for at least one. Its term ends a year after it was bought, in the organisation's time zone. It
-- was renewed if the same customer bought a membership within the 60 days before that end or the 60
-- days after it; the value is what these cost. A term is in the view when these 60 days are over,
-- so that nobody counts as lost who may still renew. That is decided by the clock, which a view of
-- an outcome may ask, because no trigger has to see the change.
--
-- Who renews early does so up to 60 days before decided_at. Compare with the scores of an earlier
-- day (a lead of more than 60 days), or the renewal's own points are in the score.
create or replace view engagement_host.renewal as
with membership as (
    select
        l.ship_customer_id as customer_id,
        o.ordered_at,
        sum(l.amount) as amount,
        (
            (o.ordered_at at time zone engagement.parameter('TIME_ZONE')) + interval '1 year'
        ) at time zone engagement.parameter('TIME_ZONE') as ends_at
    from crm.order_line as l
    join crm.sales_order as o on o.order_id = l.order_id
    join crm.product as p on p.product_id = l.product_id
    where
        l.line_status = 'ACTIVE' and o.order_status = 'PLACED'
        and p.product_class = 'MEMBERSHIP' and l.quantity > 0
    group by l.ship_customer_id, o.ordered_at
)

select
    m.customer_id::engagement.host_key as customer_id,
    m.ends_at as decided_at,
    count(n.customer_id) > 0 as happened,
    sum(n.amount) as value
from membership as m
left join membership as n
    on
        n.customer_id = m.customer_id
        and n.ordered_at > m.ordered_at
        and n.ordered_at > m.ends_at - interval '60 days'
        and n.ordered_at < m.ends_at + interval '60 days'
where m.ends_at + interval '60 days' < now()
group by m.customer_id, m.ends_at;

comment on view engagement_host.renewal is
'Outcome: memberships whose term has ended, and whether they were renewed';
comment on column engagement_host.renewal.customer_id is 'Whose membership it was';
comment on column engagement_host.renewal.decided_at is 'End of its term';
comment on column engagement_host.renewal.happened is
'True: another membership was bought within 60 days of that end, before it or after it';
comment on column engagement_host.renewal.value is
'What that membership cost, base currency; NULL: none was bought';

call engagement.register_outcome(
    p_outcome => 'RENEWAL',
    p_view => 'engagement_host.renewal',
    p_description => 'Another membership was bought within 60 days of the end of a term');
