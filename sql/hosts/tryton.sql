-- Host adapter of Tryton 8 (modules party, party_relationship, product, company, account_invoice,
-- sale, sale_subscription) in schema public.
--
-- What counts, and why:
--   * A sale's line counts while the sale is confirmed, processing or done: a draft and a quotation
--     may still be declined, and a cancelled sale never became one. Only lines of type "line" are
--     goods; the others are titles, comments and subtotals. It happened on the sale's date.
--   * A return is another sale, with negative lines, whose origin is the sale that it takes back.
--     Tryton does not note which line takes back which. So a line of the return takes back a line
--     of that sale with the same product, one of the same price if there is one, each a line of
--     its own. What is left of it keeps its points and its date. A line of another product takes
--     back none: it costs points, as a negative line of any other sale does, on the original's
--     date.
--   * An invoice's line counts while a customer invoice (type "out") is posted or paid. A payment
--     adds nothing, so that nobody's score moves because a bank transfer arrived. It happened on
--     the invoice's date.
--   * A credit note is another invoice, whose lines name in their origin the lines that they take
--     back. They earn nothing themselves; what they leave of the others keeps its points and its
--     date. Crediting a credit note gives back. A line that has the sign of its origin adds to it,
--     and earns as any other does.
--   * Crediting "with refund" makes the original cancelled. It stays in the view beside its credit
--     note, which leaves nothing of it, so that crediting the credit note can give it back. An
--     invoice that is cancelled otherwise (its company allows that) is gone, credited or not.
--   * The invoice that a return makes names no invoice, only the return. Its negative lines cost
--     points, on its own date.
--   * A subscription's line (a membership) is an order that lasts: it counts while the subscription
--     is running or closed, from its first day to the end of its last one. The invoices that it
--     makes are counted as invoices.
--   * A party's category is its seat on a committee, from the moment that the party is put into it
--     until it is taken out. Rules name the committee (subject) or the category above it (class),
--     so that categories which are no committees earn nothing.
--   * A relation of the type "employee of", or of the type that is its reverse, is employment.
--     A party that employs is a COMPANY, every other one an INDIVIDUAL: Tryton does not say.
--   * Points of a sale go to its shipment party, if it has one; the party that bought is then the
--     employer on the document. An invoice knows no shipment party, so its points go to its party.
--   * The subject of a purchase is the product (product.template, whose variants earn alike), its
--     class the oldest of the product's categories. Both are ids, because names change; what a
--     subject is called is in engagement_host.subject.
--   * Amounts are quantity × unit price without tax, unrounded, in the base currency, which is that
--     of the document's company. A document in another currency counts by its quantities only:
--     Tryton converts by a table of rates that may be edited at any time.
--   * A party that was merged into another (party.replace) is inactive. Tryton moves its sales,
--     invoices and subscriptions, but neither its categories nor its relations, and so do we.
--
-- Keys. Tryton's are integer, engagement.host_key is bigint. PostgreSQL does not look through that
-- cast to an index, but it does follow equality: from "id = id::bigint" and "id::bigint = key" it
-- concludes "id = key", which Tryton's own index serves. So each view says that of its keys.
--
-- Indexes. What follows has none in Tryton and is read from end to end. The adapter adds nothing to
-- the host's tables; a DBA may want to, on a host with many rows. First, for every line written:
--     create index concurrently on "product_template-product_category" (template);
-- for the refresh of one customer, and when somebody's employer changes:
--     create index concurrently on sale_sale ((coalesce(shipment_party, party)));
--     create index concurrently on account_invoice (party);
--     create index concurrently on sale_subscription (party);
--     create index concurrently on "party_party-party_category" (party);
-- and when a product or a committee is made, or moved to another class:
--     create index concurrently on product_product ((template::text));
--     create index concurrently on account_invoice_line (product);
--     create index concurrently on sale_subscription_service (product);
--     create index concurrently on sale_subscription_line (service);
--     create index concurrently on "party_party-party_category" ((category::text));

create or replace view engagement_host.product as
select
    p.id as product_id,
    p.template::text as subject_id,
    (
        select min(c.category)
        from public."product_template-product_category" as c
        where c.template = p.template
    )::text as subject_class
from public.product_product as p;
comment on view engagement_host.product is
'Subject and class of each variant of a product: what the views of purchases share';
comment on column engagement_host.product.product_id is 'Variant (product.product)';
comment on column engagement_host.product.subject_id is 'Product (product.template)';
comment on column engagement_host.product.subject_class is
'The oldest of the product''s categories; NULL: in none';

create or replace view engagement_host.returned_line as
select
    l.id as line_id,
    o.sale_date as sold_on,
    (
        select r.id
        from public.sale_line as r
        where
            r.sale = o.id
            and r.type = 'line'
            and r.product is not distinct from l.product
            and r.quantity * l.quantity < 0
        order by r.unit_price <> l.unit_price, r.id
        limit 1
        -- Of lines that are alike the first takes back the first, the second the second.
        offset (
            select count(*)
            from public.sale_line as e
            where
                e.sale = l.sale
                and e.type = 'line'
                and e.product is not distinct from l.product
                and e.unit_price = l.unit_price
                and e.id < l.id
        )
    ) as reverses_id
from public.sale_line as l
join public.sale_sale as s on s.id = l.sale
join public.sale_sale as o on o.id = substring(s.origin from '^sale\.sale,(\d+)$')::integer
where l.type = 'line';
comment on view engagement_host.returned_line is
'For the view sale_line: lines of returns, and the lines of the sale that they take back';
comment on column engagement_host.returned_line.line_id is 'Line of a sale whose origin is a sale';
comment on column engagement_host.returned_line.sold_on is 'Date of that sale';
comment on column engagement_host.returned_line.reverses_id is
'Line of that sale that it takes back; NULL: none is of its product';

create or replace view engagement_host.sale_line as
select
    l.id::engagement.host_key as source_id,
    l.sale::engagement.host_key as document_id,
    coalesce(s.shipment_party, s.party)::engagement.host_key as customer_id,
    nullif(s.party, coalesce(s.shipment_party, s.party))::engagement.host_key as employer_id,
    p.subject_id,
    p.subject_class,
    l.quantity::numeric as quantity,
    case when s.currency = c.currency then l.quantity::numeric * l.unit_price end as amount,
    engagement.start_of_day(
        coalesce(case when l.quantity < 0 then r.sold_on end, s.sale_date),
        engagement.parameter('TIME_ZONE')
    ) as occurred_at,
    null::timestamptz as ended_at,
    r.reverses_id::engagement.host_key as reverses_id
from public.sale_line as l
join public.sale_sale as s on s.id = l.sale
join public.company_company as c on c.id = s.company
left join engagement_host.product as p on p.product_id = l.product
left join engagement_host.returned_line as r on r.line_id = l.id
where
    l.type = 'line'
    and s.state in ('confirmed', 'processing', 'done')
    and l.id = l.id::bigint
    and l.sale = l.sale::bigint
    and coalesce(s.shipment_party, s.party) = coalesce(s.shipment_party, s.party)::bigint;
comment on view engagement_host.sale_line is
'Activity source: lines of confirmed sales and of returns';
comment on column engagement_host.sale_line.source_id is 'Line of the sale';
comment on column engagement_host.sale_line.document_id is 'Sale';
comment on column engagement_host.sale_line.customer_id is 'Shipment party, else the party';
comment on column engagement_host.sale_line.employer_id is
'Party that bought for another one; NULL: bought for itself';
comment on column engagement_host.sale_line.subject_id is 'Product; NULL: a line of text';
comment on column engagement_host.sale_line.subject_class is
'The oldest of the product''s categories';
comment on column engagement_host.sale_line.quantity is
'Quantity in the unit of the line; negative on a return';
comment on column engagement_host.sale_line.amount is
'Quantity × unit price, base currency; NULL: sold in another currency';
comment on column engagement_host.sale_line.occurred_at is
'Start of the sale''s date, of a return the original''s, in the zone of TIME_ZONE';
comment on column engagement_host.sale_line.ended_at is 'Always NULL: a purchase has no end';
comment on column engagement_host.sale_line.reverses_id is
'Of a return: the line that it takes back; NULL: none';

create or replace view engagement_host.invoice_line as
select
    l.id::engagement.host_key as source_id,
    l.invoice::engagement.host_key as document_id,
    i.party::engagement.host_key as customer_id,
    null::engagement.host_key as employer_id,
    p.subject_id,
    p.subject_class,
    l.quantity::numeric as quantity,
    case when i.currency = c.currency then l.quantity::numeric * l.unit_price end as amount,
    engagement.start_of_day(i.invoice_date, engagement.parameter('TIME_ZONE')) as occurred_at,
    null::timestamptz as ended_at,
    case
        when
            l.quantity * o.quantity < 0
            or l.quantity::numeric * l.unit_price * o.quantity::numeric * o.unit_price < 0
            then o.id
    end::engagement.host_key as reverses_id
from public.account_invoice_line as l
join public.account_invoice as i on i.id = l.invoice
join public.company_company as c on c.id = i.company
left join engagement_host.product as p on p.product_id = l.product
left join public.account_invoice_line as o
    on o.id = substring(l.origin from '^account\.invoice\.line,(\d+)$')::integer
where
    l.type = 'line'
    and i.type = 'out'
    and (
        i.state in ('posted', 'paid')
        -- Its cancellation is the booking of a credit note, which may be credited in turn.
        or i.state = 'cancelled' and exists (
            select
            from public.account_invoice_line as r
            join public.account_invoice as n on n.id = r.invoice
            where r.origin = 'account.invoice.line,' || l.id and n.move = i.cancel_move
        )
    )
    and l.id = l.id::bigint
    and l.invoice = l.invoice::bigint
    and i.party = i.party::bigint;
comment on view engagement_host.invoice_line is
'Activity source: lines of posted and paid customer invoices and credit notes';
comment on column engagement_host.invoice_line.source_id is 'Line of the invoice';
comment on column engagement_host.invoice_line.document_id is 'Invoice';
comment on column engagement_host.invoice_line.customer_id is 'Party of the invoice';
comment on column engagement_host.invoice_line.employer_id is 'Always NULL: none is chosen';
comment on column engagement_host.invoice_line.subject_id is 'Product; NULL: a line of text';
comment on column engagement_host.invoice_line.subject_class is
'The oldest of the product''s categories';
comment on column engagement_host.invoice_line.quantity is
'Quantity in the unit of the line; negative on a credit note';
comment on column engagement_host.invoice_line.amount is
'Quantity × unit price, base currency; NULL: invoiced in another currency';
comment on column engagement_host.invoice_line.occurred_at is
'Start of the invoice''s date, in the zone of TIME_ZONE';
comment on column engagement_host.invoice_line.ended_at is 'Always NULL: a purchase has no end';
comment on column engagement_host.invoice_line.reverses_id is
'Of a credit note: the line that it takes back; NULL: none';

create or replace view engagement_host.subscription_line as
select
    l.id::engagement.host_key as source_id,
    l.subscription::engagement.host_key as document_id,
    s.party::engagement.host_key as customer_id,
    null::engagement.host_key as employer_id,
    p.subject_id,
    p.subject_class,
    l.quantity::numeric as quantity,
    case when s.currency = c.currency then l.quantity::numeric * l.unit_price end as amount,
    engagement.start_of_day(l.start_date, engagement.parameter('TIME_ZONE')) as occurred_at,
    engagement.start_of_day(
        least(l.end_date, s.end_date) + 1, engagement.parameter('TIME_ZONE')
    ) as ended_at
from public.sale_subscription_line as l
join public.sale_subscription as s on s.id = l.subscription
join public.company_company as c on c.id = s.company
join public.sale_subscription_service as v on v.id = l.service
left join engagement_host.product as p on p.product_id = v.product
where
    s.state in ('running', 'closed')
    and l.id = l.id::bigint
    and l.subscription = l.subscription::bigint
    and s.party = s.party::bigint;
comment on view engagement_host.subscription_line is
'Activity source: lines of running and closed subscriptions';
comment on column engagement_host.subscription_line.source_id is 'Line of the subscription';
comment on column engagement_host.subscription_line.document_id is 'Subscription';
comment on column engagement_host.subscription_line.customer_id is 'Party of the subscription';
comment on column engagement_host.subscription_line.employer_id is 'Always NULL: none is chosen';
comment on column engagement_host.subscription_line.subject_id is 'Product of the service';
comment on column engagement_host.subscription_line.subject_class is
'The oldest of the product''s categories';
comment on column engagement_host.subscription_line.quantity is 'Quantity of the line';
comment on column engagement_host.subscription_line.amount is
'Quantity × unit price of one period, base currency; NULL: in another currency';
comment on column engagement_host.subscription_line.occurred_at is
'Start of the first day, in the zone of TIME_ZONE';
comment on column engagement_host.subscription_line.ended_at is
'Start of the day after the last one, in the same zone; NULL: open';

create or replace view engagement_host.committee_seat as
select
    m.id::engagement.host_key as source_id,
    null::engagement.host_key as document_id,
    m.party::engagement.host_key as customer_id,
    null::engagement.host_key as employer_id,
    m.category::text as subject_id,
    c.parent::text as subject_class,
    1::numeric as quantity,
    0::numeric as amount,
    m.create_date at time zone 'UTC' as occurred_at,
    null::timestamptz as ended_at
from public."party_party-party_category" as m
join public.party_category as c on c.id = m.category
where
    m.id = m.id::bigint
    and m.party = m.party::bigint;
comment on view engagement_host.committee_seat is 'Activity source: categories of parties';
comment on column engagement_host.committee_seat.source_id is
'Row that puts a party into a category';
comment on column engagement_host.committee_seat.document_id is
'Always NULL: a committee is found as the subject';
comment on column engagement_host.committee_seat.customer_id is 'Party';
comment on column engagement_host.committee_seat.employer_id is 'Always NULL: none is chosen';
comment on column engagement_host.committee_seat.subject_id is 'Category';
comment on column engagement_host.committee_seat.subject_class is
'Category above it; NULL: it is at the top';
comment on column engagement_host.committee_seat.quantity is 'Always 1: one seat';
comment on column engagement_host.committee_seat.amount is 'Always 0';
comment on column engagement_host.committee_seat.occurred_at is
'When the party was put into the category; Tryton''s server keeps the time in UTC';
comment on column engagement_host.committee_seat.ended_at is
'Always NULL: who leaves is taken out of the category';

-- Entered on the person's form a relation leads from the employee to the employer, entered on the
-- company's form the other way round.
create or replace view engagement_host.employment as
select
    r.from_::engagement.host_key as employee_id,
    r."to"::engagement.host_key as employer_id,
    true as is_primary,
    r.start_date as begin_on,
    r.end_date as end_on
from public.party_relation as r
join public.party_relation_type as t on t.id = r.type
where
    lower(t.name) = 'employee of'
    and r.from_ = r.from_::bigint
    and r."to" = r."to"::bigint
union all
select
    r."to"::engagement.host_key as employee_id,
    r.from_::engagement.host_key as employer_id,
    true as is_primary,
    r.start_date as begin_on,
    r.end_date as end_on
from public.party_relation as r
join public.party_relation_type as t on t.id = r.type
join public.party_relation_type as reverse_type on reverse_type.id = t.reverse
where
    lower(reverse_type.name) = 'employee of'
    and r.from_ = r.from_::bigint
    and r."to" = r."to"::bigint;
comment on view engagement_host.employment is 'Who works, or worked, for which company';
comment on column engagement_host.employment.employee_id is 'The person';
comment on column engagement_host.employment.employer_id is 'The company';
comment on column engagement_host.employment.is_primary is
'Always true: Tryton has no main employer, so the latest counts';
comment on column engagement_host.employment.begin_on is 'First day; NULL: not known';
comment on column engagement_host.employment.end_on is 'Last day, inclusive; NULL: still employed';

create or replace view engagement_host.customer as
select
    p.id::engagement.host_key as customer_id,
    case
        when exists (select from engagement_host.employment as e where e.employer_id = p.id)
            then 'COMPANY'
        else 'INDIVIDUAL'
    end as customer_type,
    coalesce(nullif(p.name, ''), p.code) as display_name,
    p.active and p.replaced_by is null as is_active
from public.party_party as p
where p.id = p.id::bigint;
comment on view engagement_host.customer is 'Every party: people, companies, suppliers';
comment on column engagement_host.customer.customer_id is 'Party';
comment on column engagement_host.customer.customer_type is
'COMPANY: employs, or employed, somebody; else INDIVIDUAL';
comment on column engagement_host.customer.display_name is 'Name, or code where there is none';
comment on column engagement_host.customer.is_active is
'False: made inactive, or replaced by another party';

create or replace view engagement_host.merged_customer as
select
    p.id::engagement.host_key as from_id,
    p.replaced_by::engagement.host_key as into_id
from public.party_party as p
where p.replaced_by is not null;
comment on view engagement_host.merged_customer is
'Parties that were replaced by others (party.replace): adjustments and social scores follow them';
comment on column engagement_host.merged_customer.from_id is 'The party that was replaced';
comment on column engagement_host.merged_customer.into_id is 'The party that replaces it';

create or replace view engagement_host.subject as
select
    'PRODUCT_PURCHASE'::text as engagement_type,
    t.id::text as subject_id,
    p.subject_class,
    t.name as display_name
from public.product_template as t
left join (
    select distinct
        v.subject_id,
        v.subject_class
    from engagement_host.product as v
) as p on p.subject_id = t.id::text
union all
select
    'COMMITTEE_PARTICIPATION'::text as engagement_type,
    c.id::text as subject_id,
    c.parent::text as subject_class,
    c.name as display_name
from public.party_category as c;
comment on view engagement_host.subject is 'Labels of products and committees';
comment on column engagement_host.subject.engagement_type is
'Engagement type whose subjects these are';
comment on column engagement_host.subject.subject_id is 'Product or category of parties';
comment on column engagement_host.subject.subject_class is
'The oldest category of the product; the category above that of the parties';
comment on column engagement_host.subject.display_name is 'Its name as staff read it';

call engagement.register_source(
    p_source => 'sale_line',
    p_engagement_type => 'PRODUCT_PURCHASE',
    p_effective_when => 'ORDER_CREATION',
    p_view => 'engagement_host.sale_line');

call engagement.register_source(
    p_source => 'invoice_line',
    p_engagement_type => 'PRODUCT_PURCHASE',
    p_effective_when => 'INVOICE_CREATION',
    p_view => 'engagement_host.invoice_line');

call engagement.register_source(
    p_source => 'subscription_line',
    p_engagement_type => 'PRODUCT_PURCHASE',
    p_effective_when => 'ORDER_CREATION',
    p_view => 'engagement_host.subscription_line');

call engagement.register_source(
    p_source => 'committee_seat',
    p_engagement_type => 'COMMITTEE_PARTICIPATION',
    p_effective_when => null,
    p_view => 'engagement_host.committee_seat');

-- Each table that a view reads, and how its rows lead to rows of the view: the line by its own
-- key, the header by the document's key, product and category by the subject's. What a return or a
-- credit note reads of the lines that it takes back is settled once these are confirmed or posted.
-- The word null instead of a key: settings, whose change makes the next run compare the source.

call engagement.attach_triggers(
    p_source => 'sale_line',
    p_table => 'public.sale_line',
    p_key_column => 'id',
    p_activity_column => 'source_id');

call engagement.attach_triggers(
    p_source => 'sale_line',
    p_table => 'public.sale_sale',
    p_key_column => 'id',
    p_activity_column => 'document_id');

call engagement.attach_triggers(
    p_source => 'sale_line',
    p_table => 'public.product_product',
    p_key_column => 'template',
    p_activity_column => 'subject_id');

call engagement.attach_triggers(
    p_source => 'sale_line',
    p_table => 'public."product_template-product_category"',
    p_key_column => 'template',
    p_activity_column => 'subject_id');

call engagement.attach_triggers(
    p_source => 'sale_line',
    p_table => 'public.company_company',
    p_key_column => 'null',
    p_activity_column => 'source_id');

call engagement.attach_triggers(
    p_source => 'invoice_line',
    p_table => 'public.account_invoice_line',
    p_key_column => 'id',
    p_activity_column => 'source_id');

call engagement.attach_triggers(
    p_source => 'invoice_line',
    p_table => 'public.account_invoice',
    p_key_column => 'id',
    p_activity_column => 'document_id');

call engagement.attach_triggers(
    p_source => 'invoice_line',
    p_table => 'public.product_product',
    p_key_column => 'template',
    p_activity_column => 'subject_id');

call engagement.attach_triggers(
    p_source => 'invoice_line',
    p_table => 'public."product_template-product_category"',
    p_key_column => 'template',
    p_activity_column => 'subject_id');

call engagement.attach_triggers(
    p_source => 'invoice_line',
    p_table => 'public.company_company',
    p_key_column => 'null',
    p_activity_column => 'source_id');

call engagement.attach_triggers(
    p_source => 'subscription_line',
    p_table => 'public.sale_subscription_line',
    p_key_column => 'id',
    p_activity_column => 'source_id');

call engagement.attach_triggers(
    p_source => 'subscription_line',
    p_table => 'public.sale_subscription',
    p_key_column => 'id',
    p_activity_column => 'document_id');

call engagement.attach_triggers(
    p_source => 'subscription_line',
    p_table => 'public.sale_subscription_service',
    p_key_column => 'null',
    p_activity_column => 'source_id');

call engagement.attach_triggers(
    p_source => 'subscription_line',
    p_table => 'public.product_product',
    p_key_column => 'template',
    p_activity_column => 'subject_id');

call engagement.attach_triggers(
    p_source => 'subscription_line',
    p_table => 'public."product_template-product_category"',
    p_key_column => 'template',
    p_activity_column => 'subject_id');

call engagement.attach_triggers(
    p_source => 'subscription_line',
    p_table => 'public.company_company',
    p_key_column => 'null',
    p_activity_column => 'source_id');

call engagement.attach_triggers(
    p_source => 'committee_seat',
    p_table => 'public."party_party-party_category"',
    p_key_column => 'id',
    p_activity_column => 'source_id');

call engagement.attach_triggers(
    p_source => 'committee_seat',
    p_table => 'public.party_category',
    p_key_column => 'id',
    p_activity_column => 'subject_id');

-- Two sources that earn nothing by themselves: a new party needs a score of 0, and a changed
-- relation moves points from one employer to another.

call engagement.attach_triggers(
    p_source => 'customer',
    p_table => 'public.party_party',
    p_key_column => 'id',
    p_activity_column => 'customer_id');

call engagement.attach_triggers(
    p_source => 'customer',
    p_table => 'public.party_relation',
    p_key_column => '(select case when lower(k.name) = ''employee of'' then "to" else from_ end
        from public.party_relation_type as k where k.id = type)',
    p_activity_column => 'customer_id');

call engagement.attach_triggers(
    p_source => 'customer',
    p_table => 'public.party_relation_type',
    p_key_column => 'null',
    p_activity_column => 'customer_id');

call engagement.attach_triggers(
    p_source => 'employment',
    p_table => 'public.party_relation',
    p_key_column => '(select case when lower(k.name) = ''employee of'' then from_ else "to" end
        from public.party_relation_type as k where k.id = type)',
    p_activity_column => 'customer_id');

call engagement.attach_triggers(
    p_source => 'employment',
    p_table => 'public.party_relation_type',
    p_key_column => 'null',
    p_activity_column => 'customer_id');

-- An outcome: does a subscriber stay? Lines of running and closed subscriptions have terms of a
-- year, counted from their first day. A term whose line runs on was renewed. Where the line ends,
-- it was renewed if another line for the same product, in whatever subscription of the same party,
-- begins within 60 days of that end, before it or after it. The value is the price of one period. A
-- term is in the view when 60 days have passed since its end, so that nobody counts as lost who may
-- still renew. That is decided by the clock, which a view of an outcome may ask.
--
-- Who renews early does so up to 60 days before decided_at: compare with the scores of an earlier
-- day (a lead of more than 60 days), or the renewal's own points are in the score.
create or replace view engagement_host.renewal as
select
    t.customer_id,
    t.decided_at,
    bool_or(t.happened) as happened,
    sum(t.value) as value
from (
    -- The line ran on.
    select
        l.customer_id,
        y.decided_at,
        true as happened,
        l.amount as value
    from engagement_host.subscription_line as l
    cross join lateral generate_series(
        l.occurred_at + interval '1 year',
        least(l.ended_at - interval '1 day', now()),
        interval '1 year'
    ) as y (decided_at)
    union all
    -- The line ended.
    select
        l.customer_id,
        l.ended_at as decided_at,
        n.source_id is not null as happened,
        n.amount as value
    from engagement_host.subscription_line as l
    left join engagement_host.subscription_line as n
        on
            n.customer_id = l.customer_id
            and n.subject_id = l.subject_id
            and n.occurred_at > l.occurred_at
            and n.occurred_at > l.ended_at - interval '60 days'
            and n.occurred_at < l.ended_at + interval '60 days'
) as t
where t.decided_at + interval '60 days' < now()
group by t.customer_id, t.decided_at;
comment on view engagement_host.renewal is
'Outcome: terms of subscriptions that are over, and whether they were renewed';
comment on column engagement_host.renewal.customer_id is 'Party of the subscription';
comment on column engagement_host.renewal.decided_at is
'A year after the first day, two years, and so on; and the end of the line';
comment on column engagement_host.renewal.happened is
'True: the line ran on, or another one for the same product began within 60 days of its end';
comment on column engagement_host.renewal.value is
'Price of one period of what ran on or began, base currency; NULL: it was not renewed';

call engagement.register_outcome(
    p_outcome => 'RENEWAL',
    p_view => 'engagement_host.renewal',
    p_description => 'A subscription ran on for another year, or was followed by another one');
