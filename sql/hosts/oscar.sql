-- Host adapter of django-oscar 4 (e-commerce on Django), in schema public.
--
-- What counts, and why:
--   * A line counts while its order is "Pending", "Being processed" or "Complete", and itself
--     "Pending", "Being processed" or "Shipped": these are the statuses of Oscar's sandbox. An
--     empty status counts, too, because a shop without a pipeline has no other. A cancelled order
--     or line never became a sale. Both statuses are tested: when an order is cancelled, Oscar
--     leaves its lines as they are, unless the shop has a pipeline of lines. Statuses are the
--     shop's own words. A shop with others lists those that count in a copy of this file.
--   * It happened when the order was placed (date_placed). Payment adds nothing, so that nobody's
--     score moves because a bank transfer arrived.
--   * An event takes back pieces of a line, if it names the line and a quantity, and its type has
--     one of these codes: the shipping events "cancelled" and "returned", the payment event
--     "refunded". The rest of the line keeps its points and its date. A line of which nothing is
--     left is not in the view. The row itself shows less, so the view needs no reverses_id. A
--     piece that is returned is refunded by another event. So the larger one of both quantities
--     counts, not their sum. Events have no price for a line: its pieces are worth the same.
--   * A refund of a payment source (Source.refund) names no line. It may be for any of them, or for
--     the shipping, so it lowers none. But an order counts nothing once all that was debited is
--     refunded; if no debit is recorded, once the order's total is.
--   * Allocations of stock (num_allocated) are no cancellations: shipping lowers them as well.
--   * The amount is the line's price without tax, after the discounts of offers and vouchers: what
--     the shop earns. Shipping charges and surcharges have no line and earn nothing.
--   * An order in another currency than the shop's counts by its quantities only. Oscar keeps the
--     shop's currency in its settings, not in the database, so it is taken from the first order. A
--     shop whose first order was in another one names its currency in a copy of this file, in the
--     view shop_currency. Only a FULL run sees that the first order was deleted and that the next
--     one has another currency.
--   * Points go to the user of the order. The order of a guest (user_id is NULL) earns nobody
--     anything, until staff give it to a user. When a user is deleted, Oscar makes the user's
--     orders those of a guest.
--   * The subject is the product; a variant (child) earns as its parent. The class is the category
--     at the top of the tree, so that a rule for "Events" is for everything below it. A product may
--     be in several categories: the oldest one counts. Subject and class are ids, because names
--     change; what a subject is called is in engagement_host.subject. The product class
--     (catalogue_productclass) says what attributes a product has, and is not read.
--   * When a product is deleted, Oscar keeps its lines without it. They have no subject and no
--     class any more, and earn by rules that name neither. Make a product not public instead.
--   * Oscar knows no companies and no employers, so the view employment has no rows.
--
-- Keys. The customer is the user, in auth_user; a shop with a table of its own (AUTH_USER_MODEL)
-- names that in a copy of this file. Ids are integer or bigint, as DEFAULT_AUTO_FIELD was when the
-- tables were made; engagement.host_key is bigint. PostgreSQL does not look through a cast from
-- integer to an index, but it does follow equality: from "id = id::bigint" and "id::bigint = key"
-- it concludes "id = key", which Django's own index serves. So the views say that of their keys.
--
-- Indexes. Oscar has them for all look-ups but that of a product, which gets another parent or
-- category. The adapter adds nothing to the host's tables; a DBA may want to, on a host with many
-- products:
--     create index concurrently on catalogue_product ((id::text));
--     create index concurrently on catalogue_product ((coalesce(parent_id, id)));

create or replace view engagement_host.shop_currency as
select (select o.currency from public.order_order as o order by o.id limit 1) as currency;
comment on view engagement_host.shop_currency is
'For the view order_line: the currency in which amounts count, in one row';
comment on column engagement_host.shop_currency.currency is
'Currency of the first order; NULL: there is none yet';

-- This view and the next one have subqueries in subqueries instead of joins. Each is a look-up by
-- an index. A plan that may not nest loops would join whole tables, once for each line.

create or replace view engagement_host.product as
select
    p.id as product_id,
    q.id::text as subject_id,
    (
        select r.id
        from public.catalogue_category as r
        where r.path = (
            -- Four characters of a path are one step from the top.
            select left(c.path, 4)
            from public.catalogue_category as c
            where c.id = (
                select min(m.category_id)
                from public.catalogue_productcategory as m
                where m.product_id = q.id
            )
        )
    )::text as subject_class
from public.catalogue_product as p
-- Behind the left join of order_line an index serves a look-up by q.id, but none by coalesce.
join public.catalogue_product as q on q.id = coalesce(p.parent_id, p.id);
comment on view engagement_host.product is
'Subject and class of each product and variant';
comment on column engagement_host.product.product_id is 'Product or variant';
comment on column engagement_host.product.subject_id is 'Product; of a variant, its parent';
comment on column engagement_host.product.subject_class is
'Top category above the oldest of the product''s categories; NULL: in none';

create or replace view engagement_host.taken_back as
select
    q.line_id,
    q.quantity as unsold,
    0 as refunded
from public.order_shippingeventquantity as q
where (
    select t.code
    from public.order_shippingeventtype as t
    where t.id = (
        select e.event_type_id from public.order_shippingevent as e where e.id = q.event_id
    )
) in ('cancelled', 'returned')
union all
select
    q.line_id,
    0 as unsold,
    q.quantity as refunded
from public.order_paymenteventquantity as q
where (
    select t.code
    from public.order_paymenteventtype as t
    where t.id = (
        select e.event_type_id from public.order_paymentevent as e where e.id = q.event_id
    )
) = 'refunded';
comment on view engagement_host.taken_back is
'For the view order_line: pieces of a line that an event takes back';
comment on column engagement_host.taken_back.line_id is 'Line of the order';
comment on column engagement_host.taken_back.unsold is 'Pieces that were cancelled or returned';
comment on column engagement_host.taken_back.refunded is 'Pieces whose price was refunded';

create or replace view engagement_host.order_line as
select
    l.id::engagement.host_key as source_id,
    l.order_id::engagement.host_key as document_id,
    o.user_id::engagement.host_key as customer_id,
    null::engagement.host_key as employer_id,
    p.subject_id,
    p.subject_class,
    (l.quantity - b.pieces)::numeric as quantity,
    case
        when o.currency = s.currency
            then round(l.line_price_excl_tax * (l.quantity - b.pieces) / nullif(l.quantity, 0), 2)
    end as amount,
    o.date_placed as occurred_at,
    null::timestamptz as ended_at
from public.order_line as l
join public.order_order as o on o.id = l.order_id
cross join engagement_host.shop_currency as s
-- An aggregate is computed once for each line, though its result is used three times.
cross join lateral (
    select coalesce(greatest(sum(t.unsold), sum(t.refunded)), 0) as pieces
    from engagement_host.taken_back as t
    where t.line_id = l.id
) as b
left join engagement_host.product as p on p.product_id = l.product_id
where
    o.status in ('Pending', 'Being processed', 'Complete', '')
    and l.status in ('Pending', 'Being processed', 'Shipped', '')
    and l.quantity > b.pieces
    and not exists (
        select
        from public.payment_source as m
        where m.order_id = o.id
        having
            sum(m.amount_refunded) > 0
            and sum(m.amount_refunded)
            >= coalesce(nullif(sum(m.amount_debited), 0), o.total_incl_tax)
    )
    and l.id = l.id::bigint
    and l.order_id = l.order_id::bigint
    and o.user_id = o.user_id::bigint;
comment on view engagement_host.order_line is
'Activity source: lines of orders that users placed, less what was taken back';
comment on column engagement_host.order_line.source_id is 'Line of the order';
comment on column engagement_host.order_line.document_id is 'Order';
comment on column engagement_host.order_line.customer_id is 'User who placed the order';
comment on column engagement_host.order_line.employer_id is 'Always NULL: Oscar knows no employers';
comment on column engagement_host.order_line.subject_id is
'Product, of a variant its parent; NULL: it was deleted';
comment on column engagement_host.order_line.subject_class is
'Top category above the oldest of the product''s categories';
comment on column engagement_host.order_line.quantity is
'Pieces that were not cancelled, returned or refunded';
comment on column engagement_host.order_line.amount is
'Price of these pieces after discounts, without tax; NULL: in another currency than the shop''s';
comment on column engagement_host.order_line.occurred_at is 'When the order was placed';
comment on column engagement_host.order_line.ended_at is 'Always NULL: a purchase has no end';

create or replace view engagement_host.customer as
select
    u.id::engagement.host_key as customer_id,
    'INDIVIDUAL'::text as customer_type,
    coalesce(
        nullif(btrim(u.first_name || ' ' || u.last_name), ''), nullif(u.email, ''), u.username
    ) as display_name,
    u.is_active
from public.auth_user as u
where u.id = u.id::bigint;
comment on view engagement_host.customer is 'Every user: customers and staff';
comment on column engagement_host.customer.customer_id is 'User';
comment on column engagement_host.customer.customer_type is
'Always INDIVIDUAL: Oscar knows no companies';
comment on column engagement_host.customer.display_name is 'Name, else email, else user name';
comment on column engagement_host.customer.is_active is 'False: may not log in any more';

create or replace view engagement_host.employment as
select
    null::engagement.host_key as employee_id,
    null::engagement.host_key as employer_id,
    true as is_primary,
    null::date as begin_on,
    null::date as end_on
where false;
comment on view engagement_host.employment is 'No rows: Oscar knows no employers';
comment on column engagement_host.employment.employee_id is 'The person';
comment on column engagement_host.employment.employer_id is 'The company';
comment on column engagement_host.employment.is_primary is 'Whether it is the main employer';
comment on column engagement_host.employment.begin_on is 'First day';
comment on column engagement_host.employment.end_on is 'Last day, inclusive';

create or replace view engagement_host.subject as
select
    'PRODUCT_PURCHASE'::text as engagement_type,
    v.subject_id,
    v.subject_class,
    p.title as display_name
from public.catalogue_product as p
join engagement_host.product as v on v.product_id = p.id
where p.parent_id is null;
comment on view engagement_host.subject is 'Labels of products';
comment on column engagement_host.subject.engagement_type is
'Engagement type whose subjects these are';
comment on column engagement_host.subject.subject_id is 'Product';
comment on column engagement_host.subject.subject_class is
'Top category above the oldest of its categories';
comment on column engagement_host.subject.display_name is 'Its title';

call engagement.register_source(
    p_source => 'order_line',
    p_engagement_type => 'PRODUCT_PURCHASE',
    p_effective_when => 'ORDER_CREATION',
    p_view => 'engagement_host.order_line');

-- Each table that the view reads, and how its rows lead to rows of the view. A type of events whose
-- code changes, and a category that moves, may concern any line: the next run compares them all.

call engagement.attach_triggers(
    p_source => 'order_line',
    p_table => 'public.order_line',
    p_key_column => 'id',
    p_activity_column => 'source_id');

call engagement.attach_triggers(
    p_source => 'order_line',
    p_table => 'public.order_order',
    p_key_column => 'id',
    p_activity_column => 'document_id');

call engagement.attach_triggers(
    p_source => 'order_line',
    p_table => 'public.order_shippingeventquantity',
    p_key_column => 'line_id',
    p_activity_column => 'source_id');

call engagement.attach_triggers(
    p_source => 'order_line',
    p_table => 'public.order_shippingevent',
    p_key_column => 'order_id',
    p_activity_column => 'document_id');

call engagement.attach_triggers(
    p_source => 'order_line',
    p_table => 'public.order_shippingeventtype',
    p_key_column => 'null',
    p_activity_column => 'source_id');

call engagement.attach_triggers(
    p_source => 'order_line',
    p_table => 'public.order_paymenteventquantity',
    p_key_column => 'line_id',
    p_activity_column => 'source_id');

call engagement.attach_triggers(
    p_source => 'order_line',
    p_table => 'public.order_paymentevent',
    p_key_column => 'order_id',
    p_activity_column => 'document_id');

call engagement.attach_triggers(
    p_source => 'order_line',
    p_table => 'public.order_paymenteventtype',
    p_key_column => 'null',
    p_activity_column => 'source_id');

call engagement.attach_triggers(
    p_source => 'order_line',
    p_table => 'public.payment_source',
    p_key_column => 'order_id',
    p_activity_column => 'document_id');

call engagement.attach_triggers(
    p_source => 'order_line',
    p_table => 'public.catalogue_product',
    p_key_column => 'coalesce(parent_id, id)',
    p_activity_column => 'subject_id');

call engagement.attach_triggers(
    p_source => 'order_line',
    p_table => 'public.catalogue_productcategory',
    p_key_column => 'product_id',
    p_activity_column => 'subject_id');

call engagement.attach_triggers(
    p_source => 'order_line',
    p_table => 'public.catalogue_category',
    p_key_column => 'null',
    p_activity_column => 'source_id');

-- Earns nothing by itself: a new user needs a score of 0.

call engagement.attach_triggers(
    p_source => 'customer',
    p_table => 'public.auth_user',
    p_key_column => 'id',
    p_activity_column => 'customer_id');
