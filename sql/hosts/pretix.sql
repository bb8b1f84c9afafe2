-- Host adapter of pretix 2026.8: ticket sales on Django, in schema public.
--
-- Keys. A customer is an account (pretixbase_customer); all keys are bigint, the default. An
-- account belongs to one organizer, so somebody with accounts at two organizers is two customers.
-- There are no companies and no employers.
--
-- Who earns: the account of the order, for all its positions.
--   * A ticket holder is a name and an e-mail address that whoever orders may type in or leave out.
--     pretix does not link them to an account. The address proves nothing, and changes: by it the
--     points of past years would move when somebody edits a ticket or an account.
--   * An order without an account (a guest's) earns nobody anything, even if an account has its
--     e-mail address. If staff give it an account later, it counts for that, with its own date.
--   * An account that is anonymized stays without its name. pretix takes it off its orders, so
--     their points go; the points of memberships stay.
--
-- What counts, and why:
--   * A position counts while its order is pending or paid, as in pretix's own books
--     (pretixbase_transaction). Payment adds nothing, so nobody's score moves because a bank
--     transfer arrived. An order that expires, is cancelled or waits for approval does not count;
--     one that is paid late or reactivated counts again. To count only what is paid, leave the
--     state n out.
--   * A cancelled position does not count, whatever becomes of the rest of its order. Cancelling an
--     order against a fee cancels its positions and leaves the order paid.
--   * An add-on and a bundled product are positions of their own. pretix cancels them with the
--     position that they belong to. An exchanged product or price is the same position, changed.
--   * A refund (pretixbase_orderrefund) is the reverse of a payment, so it changes nothing either.
--     It names an order and no position. What staff take back of a sale they cancel, or lower its
--     price, and both count at once; refunding the money is another step. A refund alone leaves the
--     ticket valid and the order owing the money.
--   * An order happened when it was placed. A position that is added later has its order's date,
--     one that is split off into another order has the date of the split.
--   * A line of an invoice counts from the invoice's date. A cancellation (is_cancellation) takes
--     back all lines of the invoice that it refers to. pretix cancels the invoice of an order that
--     is changed and issues another one, with its own date. Invoices do not ask for the state of
--     the order: pretix cancels them with it, unless staff decide otherwise.
--   * A membership counts from its start to its end, for the account that holds it. pretix grants
--     it when the order is paid. A cancelled one does not count; to end one early and keep what it
--     earned, change its end. Its price earns as a position, too.
--   * Orders and memberships of the test mode do not count.
--   * Gift cards do not count: they are spent on positions, which do. Fees (of payment, shipping,
--     cancellation) are no products and earn nothing. Check-ins and waiting lists are no sources.
--
-- Subjects. Rules name the event (subject) and what was bought there (class):
--   * MEMBERSHIP grants a membership, EVENT is an admission ticket, PRODUCT anything else. So the
--     starter rules for places and memberships work as they are.
--   * Products and categories are no subjects: each belongs to one event, and rules for them would
--     have to be written anew for each. All dates of an event series are one subject, the series.
--   * The subject of a membership is its type, its class NULL.
--
-- Amounts are gross prices, as pretix shows them. Each event has a currency of its own, and pretix
-- converts none. The base currency is that of the organizer's first event; positions of an event in
-- another one count by their quantities only. pretix lets the currency of an event change, and lets
-- an event be deleted, only until it has orders. If that happens to the first event when others
-- have orders, run a FULL recalculation.
--
-- Indexes. pretix has one for each key of accounts, orders, positions and invoices. When a product
-- or an event changes, all products are read to find those of the event. They are few.

-- Rules name this type for what lasts as long as a membership. To buy one is a PRODUCT_PURCHASE.
insert into engagement.engagement_type (engagement_type, type_name, needs_effective_when)
values ('MEMBERSHIP', 'Membership', false)
on conflict (engagement_type) do nothing;

create or replace view engagement_host.product as
select
    i.id as item_id,
    i.event_id::text as subject_id,
    case
        when i.grant_membership_type_id is not null then 'MEMBERSHIP'
        when i.admission then 'EVENT'
        else 'PRODUCT'
    end as subject_class,
    e.currency = (
        select f.currency
        from public.pretixbase_event as f
        where f.organizer_id = e.organizer_id
        order by f.id
        limit 1
    ) as is_in_base_currency
from public.pretixbase_item as i
join public.pretixbase_event as e on e.id = i.event_id
where not i.issue_giftcard;
comment on view engagement_host.product is
'For the views of purchases: products that count, and the event where each is sold';
comment on column engagement_host.product.item_id is 'Product';
comment on column engagement_host.product.subject_id is 'Event';
comment on column engagement_host.product.subject_class is 'MEMBERSHIP, EVENT or PRODUCT';
comment on column engagement_host.product.is_in_base_currency is
'True: its event has the currency of the organizer''s first event';

create or replace view engagement_host.order_position as
select
    p.id::engagement.host_key as source_id,
    p.order_id::engagement.host_key as document_id,
    o.customer_id::engagement.host_key as customer_id,
    null::engagement.host_key as employer_id,
    i.subject_id,
    i.subject_class,
    1::numeric as quantity,
    case when i.is_in_base_currency then p.price end as amount,
    o.datetime as occurred_at,
    null::timestamptz as ended_at
from public.pretixbase_orderposition as p
join public.pretixbase_order as o on o.id = p.order_id
join engagement_host.product as i on i.item_id = p.item_id
where
    not p.canceled
    and o.status in ('n', 'p')
    and not o.require_approval
    and not o.testmode
    and o.customer_id is not null;
comment on view engagement_host.order_position is
'Activity source: positions of pending and paid orders that have an account';
comment on column engagement_host.order_position.source_id is 'Position';
comment on column engagement_host.order_position.document_id is 'Order';
comment on column engagement_host.order_position.customer_id is 'Account of the order';
comment on column engagement_host.order_position.employer_id is 'Always NULL: there are none';
comment on column engagement_host.order_position.subject_id is 'Event';
comment on column engagement_host.order_position.subject_class is 'MEMBERSHIP, EVENT or PRODUCT';
comment on column engagement_host.order_position.quantity is 'Always 1: one ticket or piece';
comment on column engagement_host.order_position.amount is
'Gross price, base currency; NULL: sold in another currency';
comment on column engagement_host.order_position.occurred_at is 'When the order was placed';
comment on column engagement_host.order_position.ended_at is
'Always NULL: a purchase has no end';

create or replace view engagement_host.invoice_line as
select
    l.id::engagement.host_key as source_id,
    n.order_id::engagement.host_key as document_id,
    o.customer_id::engagement.host_key as customer_id,
    null::engagement.host_key as employer_id,
    i.subject_id,
    i.subject_class,
    case when n.is_cancellation then -1 else 1 end::numeric as quantity,
    case when i.is_in_base_currency then l.gross_value end as amount,
    engagement.start_of_day(n.date, engagement.parameter('TIME_ZONE')) as occurred_at,
    null::timestamptz as ended_at,
    -- A cancellation repeats the lines of its invoice, in their places.
    (
        select min(r.id)
        from public.pretixbase_invoiceline as r
        where n.is_cancellation and r.invoice_id = n.refers_id and r.position = l.position
    )::engagement.host_key as reverses_id
from public.pretixbase_invoiceline as l
join public.pretixbase_invoice as n on n.id = l.invoice_id
join public.pretixbase_order as o on o.id = n.order_id
join engagement_host.product as i on i.item_id = l.item_id
where not o.testmode and o.customer_id is not null;
comment on view engagement_host.invoice_line is
'Activity source: lines of invoices and of their cancellations';
comment on column engagement_host.invoice_line.source_id is 'Line of the invoice';
comment on column engagement_host.invoice_line.document_id is 'Order, which has all its invoices';
comment on column engagement_host.invoice_line.customer_id is 'Account of the order';
comment on column engagement_host.invoice_line.employer_id is 'Always NULL: there are none';
comment on column engagement_host.invoice_line.subject_id is 'Event';
comment on column engagement_host.invoice_line.subject_class is 'MEMBERSHIP, EVENT or PRODUCT';
comment on column engagement_host.invoice_line.quantity is '1; -1 in a cancellation';
comment on column engagement_host.invoice_line.amount is
'Gross value, base currency, negative in a cancellation; NULL: in another currency';
comment on column engagement_host.invoice_line.occurred_at is
'Start of the invoice''s date, in the zone of TIME_ZONE';
comment on column engagement_host.invoice_line.ended_at is 'Always NULL: a purchase has no end';
comment on column engagement_host.invoice_line.reverses_id is
'In a cancellation: the line that it takes back';

create or replace view engagement_host.membership as
select
    m.id::engagement.host_key as source_id,
    null::engagement.host_key as document_id,
    m.customer_id::engagement.host_key as customer_id,
    null::engagement.host_key as employer_id,
    m.membership_type_id::text as subject_id,
    null::text as subject_class,
    1::numeric as quantity,
    0::numeric as amount,
    m.date_start as occurred_at,
    m.date_end as ended_at
from public.pretixbase_membership as m
where not m.canceled and not m.testmode;
comment on view engagement_host.membership is
'Activity source: memberships, past, present and future';
comment on column engagement_host.membership.source_id is 'Membership';
comment on column engagement_host.membership.document_id is 'Always NULL: none changes it';
comment on column engagement_host.membership.customer_id is 'Account that holds it';
comment on column engagement_host.membership.employer_id is 'Always NULL: there are none';
comment on column engagement_host.membership.subject_id is 'Membership type';
comment on column engagement_host.membership.subject_class is 'Always NULL';
comment on column engagement_host.membership.quantity is 'Always 1: one membership';
comment on column engagement_host.membership.amount is 'Always 0';
comment on column engagement_host.membership.occurred_at is 'When it starts';
comment on column engagement_host.membership.ended_at is 'When it ends';

create or replace view engagement_host.customer as
select
    c.id::engagement.host_key as customer_id,
    'INDIVIDUAL'::text as customer_type,
    coalesce(nullif(c.name_cached, ''), c.email, c.identifier) as display_name,
    c.is_active
from public.pretixbase_customer as c;
comment on view engagement_host.customer is 'Every account';
comment on column engagement_host.customer.customer_id is 'Account';
comment on column engagement_host.customer.customer_type is
'Always INDIVIDUAL: pretix knows no companies';
comment on column engagement_host.customer.display_name is
'Name, else e-mail address, else the identifier that pretix shows';
comment on column engagement_host.customer.is_active is 'False: made inactive or anonymized';

create or replace view engagement_host.employment as
select
    null::engagement.host_key as employee_id,
    null::engagement.host_key as employer_id,
    true as is_primary,
    null::date as begin_on,
    null::date as end_on
where false;
comment on view engagement_host.employment is 'No rows: pretix knows no employers';
comment on column engagement_host.employment.employee_id is 'Never shown';
comment on column engagement_host.employment.employer_id is 'Never shown';
comment on column engagement_host.employment.is_primary is 'Never shown';
comment on column engagement_host.employment.begin_on is 'Never shown';
comment on column engagement_host.employment.end_on is 'Never shown';

-- pretix writes a name in several languages as JSON, in one as text.
create or replace view engagement_host.subject as
select
    s.engagement_type,
    s.subject_id,
    null::text as subject_class,
    coalesce(
        (
            select t.value
            from json_each_text(case when s.name like '{"%}' then s.name end::json) as t
            where t.value <> ''
            order by t.key <> left(engagement.parameter('LOCALE'), 2), t.key
            limit 1
        ),
        s.name
    ) as display_name
from (
    select
        'PRODUCT_PURCHASE'::text as engagement_type,
        e.id::text as subject_id,
        e.name
    from public.pretixbase_event as e
    union all
    select
        'MEMBERSHIP'::text as engagement_type,
        t.id::text as subject_id,
        t.name
    from public.pretixbase_membershiptype as t
) as s;
comment on view engagement_host.subject is 'Labels of events and of membership types';
comment on column engagement_host.subject.engagement_type is
'Engagement type whose subjects these are';
comment on column engagement_host.subject.subject_id is 'Event or membership type';
comment on column engagement_host.subject.subject_class is
'Always NULL: the products of an event differ, and types have none';
comment on column engagement_host.subject.display_name is
'Its name in the language of LOCALE, else in another';

call engagement.register_source(
    p_source => 'order_position',
    p_engagement_type => 'PRODUCT_PURCHASE',
    p_effective_when => 'ORDER_CREATION',
    p_view => 'engagement_host.order_position');

call engagement.register_source(
    p_source => 'invoice_line',
    p_engagement_type => 'PRODUCT_PURCHASE',
    p_effective_when => 'INVOICE_CREATION',
    p_view => 'engagement_host.invoice_line');

call engagement.register_source(
    p_source => 'membership',
    p_engagement_type => 'MEMBERSHIP',
    p_effective_when => null,
    p_view => 'engagement_host.membership');

-- Positions and lines by their own keys, orders and invoices by the order's, products and events by
-- the event's. An invoice is cancelled only once its lines are settled, so a line needs no way to
-- the one that takes it back.

call engagement.attach_triggers(
    p_source => 'order_position',
    p_table => 'public.pretixbase_orderposition',
    p_key_column => 'id',
    p_activity_column => 'source_id');

call engagement.attach_triggers(
    p_source => 'order_position',
    p_table => 'public.pretixbase_order',
    p_key_column => 'id',
    p_activity_column => 'document_id');

call engagement.attach_triggers(
    p_source => 'order_position',
    p_table => 'public.pretixbase_item',
    p_key_column => 'event_id::text',
    p_activity_column => 'subject_id');

call engagement.attach_triggers(
    p_source => 'order_position',
    p_table => 'public.pretixbase_event',
    p_key_column => 'id::text',
    p_activity_column => 'subject_id');

call engagement.attach_triggers(
    p_source => 'invoice_line',
    p_table => 'public.pretixbase_invoiceline',
    p_key_column => 'id',
    p_activity_column => 'source_id');

call engagement.attach_triggers(
    p_source => 'invoice_line',
    p_table => 'public.pretixbase_invoice',
    p_key_column => 'order_id',
    p_activity_column => 'document_id');

call engagement.attach_triggers(
    p_source => 'invoice_line',
    p_table => 'public.pretixbase_order',
    p_key_column => 'id',
    p_activity_column => 'document_id');

call engagement.attach_triggers(
    p_source => 'invoice_line',
    p_table => 'public.pretixbase_item',
    p_key_column => 'event_id::text',
    p_activity_column => 'subject_id');

call engagement.attach_triggers(
    p_source => 'invoice_line',
    p_table => 'public.pretixbase_event',
    p_key_column => 'id::text',
    p_activity_column => 'subject_id');

call engagement.attach_triggers(
    p_source => 'membership',
    p_table => 'public.pretixbase_membership',
    p_key_column => 'id',
    p_activity_column => 'source_id');

call engagement.attach_triggers(
    p_source => 'customer',
    p_table => 'public.pretixbase_customer',
    p_key_column => 'id',
    p_activity_column => 'customer_id');
