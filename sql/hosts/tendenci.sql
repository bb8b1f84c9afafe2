-- Host adapter of Tendenci 16: association management on Django, in schema public.
--
-- Keys. A customer is a person (auth_user) or a company (corporate_memberships_corpprofile); both
-- are numbered from 1. A person's customer_id is the user's id, a company's is 10,000,000,000 plus
-- the corporate profile's id. Users' ids are 32-bit integers, so the two never meet, and
-- 10000000007 reads as company 7. Deploy with bigint keys, the default.
--
-- What counts, and why:
--   * A purchase counts once its invoice is tendered and while that is not void; an "estimate" is
--     none. Payment adds nothing, so that nobody's score moves because a bank transfer arrived or
--     was taken back. The product's own profiles_profile.total_spend cannot serve: each save of an
--     invoice, void or not, adds to it.
--   * A refund is written into the invoice that it lowers (refunds), and so is an adjustment
--     (total). So no row takes back another one, and no view here needs reverses_id. An invoice
--     that is refunded wholly counts as little as a void one.
--   * Memberships: the invoice earns, for the member, once the membership is approved: applying and
--     disapproving tender the invoice, too. Expired and archived memberships count, they were
--     bought; a deleted one (status false) does not. A renewal has a membership and an invoice of
--     its own. The amount is the total (with tax, variance and a gift made along with it) less
--     refunds. One application may order several memberships; the first one says who and which.
--   * Corporate memberships: the invoice earns, for the company, in the same way.
--   * Donations: the invoice earns, for the donor.
--   * Event registrations: each registrant that has not cancelled earns, for an account of their
--     own; a guest without one earns for whoever registered them. The amount is the registrant's,
--     times total by subtotal of the invoice, so that tax and variance are shared out. Cancelling
--     leaves the invoice tendered: hence cancel_dt and canceled. For whom a part of the invoice is
--     refunded the product does not say: what is refunded to those who cancelled is none of the
--     others' business, so it lowers no place. Add-ons and fees earn nothing.
--   * Other invoices (jobs, directories, exhibitors, …) are no sources here.
--   * Committee officers: a seat has an inclusive last day (expire_dt) and no first one, so it
--     counts from when its committee was entered. An officer who is deleted never was one; to end a
--     seat and keep what it earned, set expire_dt.
--   * A registration takes effect as an order (ORDER_CREATION), the rest as invoices
--     (INVOICE_CREATION). Subjects are MEMBERSHIP-n, CORPORATE_MEMBERSHIP-n (n is the type),
--     EVENT-n and DONATION, their classes the same without -n; a seat's subject is the committee,
--     its class the title of the position.
--   * Employers: the company under which a membership is held (corp_profile_id), from its joining
--     or renewal until it expires; and the companies that a person represents, as long as they do.
--     Membership goes first: it begins later than what has no beginning. A membership moved to
--     another company takes its past along; a new one leaves it where it was.
--     corporate_membership_id is not read: it names the contract of one year. The product itself
--     finds a company's members by corp_profile_id (its command sync_corp_profile_id fills that in
--     where old data have only the other).
--   * Deleting a user in the product leaves the row and makes it inactive. Merging moves the rows
--     of one user to another and deletes the one: the points move along.
--
-- Look-ups. Conditions like "i.id = i.id::bigint" are always true. By them the planner knows that
-- the view's key (a bigint) equals the column (an integer), and uses the index that Django made.
-- Where there is none, a large base deserves one of the DBA's own; Django does not mind:
--   create index on invoices_invoice (object_type_id, object_id);
--   create index on memberships_membershipdefault ((10000000000 + corp_profile_id));
-- and with thousands of companies also
--   create index on corporate_memberships_corpprofile ((10000000000 + id));
--   create index on corporate_memberships_corpmembership ((10000000000 + corp_profile_id));
--   create index on corporate_memberships_corpmembershiprep ((10000000000 + corp_profile_id));
-- What a deployment warns about besides are small tables.

create or replace view engagement_host.tendered_invoice as
select
    i.id as invoice_id,
    i.id::engagement.host_key as invoice_key,
    i.total - i.refunds as amount,
    coalesce(i.total / nullif(i.subtotal, 0), 1) as share,
    coalesce(i.tender_date, i.create_dt) as tendered_at
from public.invoices_invoice as i
where
    i.status_detail = 'tendered'
    and i.status
    and not i.is_void
    and (i.refunds = 0 or i.refunds < i.total)
    and i.id = i.id::bigint;

comment on view engagement_host.tendered_invoice is
'For the views of this adapter: invoices that count. share is what the total is to the subtotal';

create or replace view engagement_host.accepted_membership as
select
    m.id as membership_id,
    m.membership_set_id,
    m.id::engagement.host_key as membership_key,
    m.user_id::engagement.host_key as customer_id,
    'MEMBERSHIP-' || m.membership_type_id as subject_id,
    m.corp_profile_id,
    coalesce(m.renew_dt, m.join_dt) as begin_at,
    m.expire_dt as end_at
from public.memberships_membershipdefault as m
where
    m.status
    and m.status_detail in ('active', 'expired', 'archive')
    and m.application_approved
    and m.id = m.id::bigint
    and m.user_id = m.user_id::bigint;

comment on view engagement_host.accepted_membership is
'For the views invoice and employment: memberships that are, or were, in force';

create or replace view engagement_host.invoice as
select
    i.invoice_key as source_id,
    o.document_id,
    o.customer_id,
    null::engagement.host_key as employer_id,
    o.subject_id,
    o.subject_class,
    1::numeric as quantity,
    i.amount,
    i.tendered_at as occurred_at,
    null::timestamptz as ended_at
from (
    -- Ordered by an application.
    select
        s.invoice_id,
        m.membership_key as document_id,
        m.customer_id,
        m.subject_id,
        'MEMBERSHIP' as subject_class
    from public.memberships_membershipset as s
    join engagement_host.accepted_membership as m on m.membership_set_id = s.id
    where not exists (
        select from engagement_host.accepted_membership as earlier
        where earlier.membership_set_id = s.id and earlier.membership_id < m.membership_id
    )
    union all
    -- Entered or renewed by staff: the invoice refers to the membership.
    select
        i.id as invoice_id,
        m.membership_key as document_id,
        m.customer_id,
        m.subject_id,
        'MEMBERSHIP' as subject_class
    from public.invoices_invoice as i
    join public.django_content_type as t on t.id = i.object_type_id
    join engagement_host.accepted_membership as m on m.membership_id = i.object_id
    where
        t.app_label = 'memberships'
        and t.model = 'membershipdefault'
        and m.membership_set_id is null
    union all
    -- A pending renewal still names the invoice of the year before: only what is approved counts.
    select
        m.invoice_id,
        null::engagement.host_key as document_id,
        (10000000000 + m.corp_profile_id)::engagement.host_key as customer_id,
        'CORPORATE_MEMBERSHIP-' || m.corporate_membership_type_id as subject_id,
        'CORPORATE_MEMBERSHIP' as subject_class
    from public.corporate_memberships_corpmembership as m
    where m.status and m.status_detail in ('active', 'expired', 'archive') and m.approved
    union all
    select
        d.invoice_id,
        null::engagement.host_key as document_id,
        d.user_id::engagement.host_key as customer_id,
        'DONATION' as subject_id,
        'DONATION' as subject_class
    from public.donations_donation as d
    where d.status and d.user_id = d.user_id::bigint
) as o
join engagement_host.tendered_invoice as i on i.invoice_id = o.invoice_id;

comment on view engagement_host.invoice is
'Activity source: tendered invoices of memberships, corporate memberships and donations';
comment on column engagement_host.invoice.source_id is 'Invoice';
comment on column engagement_host.invoice.document_id is
'The membership, the first of its application; NULL for others. So a change of it is found';
comment on column engagement_host.invoice.customer_id is 'The member, the company or the donor';
comment on column engagement_host.invoice.employer_id is 'Always NULL: none is chosen';
comment on column engagement_host.invoice.subject_id is
'Type of the (corporate) membership, or DONATION';
comment on column engagement_host.invoice.subject_class is
'MEMBERSHIP, CORPORATE_MEMBERSHIP or DONATION';
comment on column engagement_host.invoice.quantity is 'Always 1';
comment on column engagement_host.invoice.amount is 'Total of the invoice less refunds';
comment on column engagement_host.invoice.occurred_at is 'When the invoice was tendered';
comment on column engagement_host.invoice.ended_at is 'Always NULL: a purchase has no end';

create or replace view engagement_host.place as
select
    r.id::engagement.host_key as source_id,
    i.invoice_key as document_id,
    r.user_id,
    g.owner_id,
    null::engagement.host_key as employer_id,
    'EVENT-' || g.event_id as subject_id,
    'EVENT' as subject_class,
    1::numeric as quantity,
    round(r.amount * i.share, 2) as amount,
    r.create_dt as occurred_at,
    null::timestamptz as ended_at
from public.events_registrant as r
join public.events_registration as g on g.id = r.registration_id
join engagement_host.tendered_invoice as i on i.invoice_id = g.invoice_id
where r.cancel_dt is null and not g.canceled and r.id = r.id::bigint;

comment on view engagement_host.place is
'For the view registrant: places at events, with the account of who takes them and of who booked';

create or replace view engagement_host.registrant as
select
    p.source_id,
    p.document_id,
    p.user_id::engagement.host_key as customer_id,
    p.employer_id,
    p.subject_id,
    p.subject_class,
    p.quantity,
    p.amount,
    p.occurred_at,
    p.ended_at
from engagement_host.place as p
where p.user_id = p.user_id::bigint
union all
select
    p.source_id,
    p.document_id,
    p.owner_id::engagement.host_key as customer_id,
    p.employer_id,
    p.subject_id,
    p.subject_class,
    p.quantity,
    p.amount,
    p.occurred_at,
    p.ended_at
from engagement_host.place as p
where p.user_id is null and p.owner_id = p.owner_id::bigint;

comment on view engagement_host.registrant is
'Activity source: registrants of events that have not cancelled';
comment on column engagement_host.registrant.source_id is 'Registrant';
comment on column engagement_host.registrant.document_id is 'Invoice of the registration';
comment on column engagement_host.registrant.customer_id is
'The registrant''s account; of a guest without one, the account that registered them';
comment on column engagement_host.registrant.employer_id is 'Always NULL: none is chosen';
comment on column engagement_host.registrant.subject_id is 'Event';
comment on column engagement_host.registrant.subject_class is 'Always EVENT';
comment on column engagement_host.registrant.quantity is 'Always 1: one place';
comment on column engagement_host.registrant.amount is
'The registrant''s amount with its share of tax and variance';
comment on column engagement_host.registrant.occurred_at is 'When they registered';
comment on column engagement_host.registrant.ended_at is 'Always NULL: a purchase has no end';

create or replace view engagement_host.officer as
select
    o.id::engagement.host_key as source_id,
    o.position_id::engagement.host_key as document_id,
    o.user_id::engagement.host_key as customer_id,
    null::engagement.host_key as employer_id,
    o.committee_id::text as subject_id,
    p.title as subject_class,
    1::numeric as quantity,
    0::numeric as amount,
    c.create_dt as occurred_at,
    engagement.start_of_day(o.expire_dt + 1, engagement.parameter('TIME_ZONE')) as ended_at
from public.committees_officer as o
join public.committees_committee as c on c.id = o.committee_id
join public.committees_position as p on p.id = o.position_id
where
    o.id = o.id::bigint
    and o.position_id = o.position_id::bigint
    and o.user_id = o.user_id::bigint;

comment on view engagement_host.officer is
'Activity source: officers of committees, past and present';
comment on column engagement_host.officer.source_id is 'Officer';
comment on column engagement_host.officer.document_id is
'Position, so that a new title of it is found';
comment on column engagement_host.officer.customer_id is 'Who holds the seat';
comment on column engagement_host.officer.employer_id is 'Always NULL: none is chosen';
comment on column engagement_host.officer.subject_id is 'Committee';
comment on column engagement_host.officer.subject_class is 'Title of the position';
comment on column engagement_host.officer.quantity is 'Always 1: one seat';
comment on column engagement_host.officer.amount is 'Always 0';
comment on column engagement_host.officer.occurred_at is
'When the committee was entered: the product keeps no first day of a seat';
comment on column engagement_host.officer.ended_at is
'Start of the day after the last one, in the time zone of the parameter TIME_ZONE; NULL: open';

create or replace view engagement_host.customer as
select
    u.id::engagement.host_key as customer_id,
    'INDIVIDUAL'::text as customer_type,
    coalesce(nullif(btrim(u.first_name || ' ' || u.last_name), ''), u.username) as display_name,
    u.is_active
from public.auth_user as u
where u.id = u.id::bigint
union all
select
    (10000000000 + c.id)::engagement.host_key as customer_id,
    'COMPANY'::text as customer_type,
    c.name as display_name,
    c.status and c.status_detail = 'active' as is_active
from public.corporate_memberships_corpprofile as c;

comment on view engagement_host.customer is 'Everybody who has a score: users and companies';
comment on column engagement_host.customer.customer_id is
'The user''s id, or 10000000000 plus the corporate profile''s id';
comment on column engagement_host.customer.customer_type is 'INDIVIDUAL or COMPANY';
comment on column engagement_host.customer.display_name is
'Name of the person (else the user name) or of the company';
comment on column engagement_host.customer.is_active is
'False for users who may not log in any more and for companies that were deleted';

create or replace view engagement_host.employment as
select
    m.customer_id as employee_id,
    (10000000000 + m.corp_profile_id)::engagement.host_key as employer_id,
    true as is_primary,
    (m.begin_at at time zone engagement.parameter('TIME_ZONE'))::date as begin_on,
    (m.end_at at time zone engagement.parameter('TIME_ZONE'))::date as end_on
from engagement_host.accepted_membership as m
where m.corp_profile_id <> 0
union all
select
    r.user_id::engagement.host_key as employee_id,
    (10000000000 + r.corp_profile_id)::engagement.host_key as employer_id,
    true as is_primary,
    null::date as begin_on,
    null::date as end_on
from public.corporate_memberships_corpmembershiprep as r
where r.user_id = r.user_id::bigint;

comment on view engagement_host.employment is
'Who is, or was, a member under which company, and who represents one';
comment on column engagement_host.employment.employee_id is 'The person';
comment on column engagement_host.employment.employer_id is 'The company';
comment on column engagement_host.employment.is_primary is
'Always true: of several the one that began last is the main employer';
comment on column engagement_host.employment.begin_on is
'Day of joining or renewal; NULL for a representative';
comment on column engagement_host.employment.end_on is
'Day on which the membership expires, inclusive; NULL: open';

create or replace view engagement_host.subject as
select
    'PRODUCT_PURCHASE'::text as engagement_type,
    'MEMBERSHIP-' || t.id as subject_id,
    'MEMBERSHIP'::text as subject_class,
    t.name as display_name
from public.memberships_membershiptype as t
union all
select
    'PRODUCT_PURCHASE'::text as engagement_type,
    'CORPORATE_MEMBERSHIP-' || t.id as subject_id,
    'CORPORATE_MEMBERSHIP'::text as subject_class,
    t.name as display_name
from public.corporate_memberships_corporatemembershiptype as t
union all
select
    'PRODUCT_PURCHASE'::text as engagement_type,
    'EVENT-' || e.id as subject_id,
    'EVENT'::text as subject_class,
    e.title as display_name
from public.events_event as e
union all
select
    'PRODUCT_PURCHASE'::text as engagement_type,
    'DONATION'::text as subject_id,
    'DONATION'::text as subject_class,
    'Donation'::text as display_name
union all
select
    'COMMITTEE_PARTICIPATION'::text as engagement_type,
    c.id::text as subject_id,
    null::text as subject_class,
    c.title as display_name
from public.committees_committee as c;

comment on view engagement_host.subject is 'Labels of what is bought and of committees';
comment on column engagement_host.subject.engagement_type is
'Engagement type whose subjects these are';
comment on column engagement_host.subject.subject_id is
'Membership type, event, donation or committee, as the sources name it';
comment on column engagement_host.subject.subject_class is
'Its class; NULL for a committee, whose seats differ';
comment on column engagement_host.subject.display_name is 'Its name as staff read it';

call engagement.register_source(
    p_source => 'invoice',
    p_engagement_type => 'PRODUCT_PURCHASE',
    p_effective_when => 'INVOICE_CREATION',
    p_view => 'engagement_host.invoice');

call engagement.register_source(
    p_source => 'registrant',
    p_engagement_type => 'PRODUCT_PURCHASE',
    p_effective_when => 'ORDER_CREATION',
    p_view => 'engagement_host.registrant');

call engagement.register_source(
    p_source => 'officer',
    p_engagement_type => 'COMMITTEE_PARTICIPATION',
    p_effective_when => null,
    p_view => 'engagement_host.officer');

call engagement.attach_triggers(
    p_source => 'invoice',
    p_table => 'public.invoices_invoice',
    p_key_column => 'id',
    p_activity_column => 'source_id');

call engagement.attach_triggers(
    p_source => 'invoice',
    p_table => 'public.memberships_membershipset',
    p_key_column => 'invoice_id',
    p_activity_column => 'source_id');

call engagement.attach_triggers(
    p_source => 'invoice',
    p_table => 'public.memberships_membershipdefault',
    p_key_column => 'id',
    p_activity_column => 'document_id');

call engagement.attach_triggers(
    p_source => 'invoice',
    p_table => 'public.corporate_memberships_corpmembership',
    p_key_column => 'invoice_id',
    p_activity_column => 'source_id');

call engagement.attach_triggers(
    p_source => 'invoice',
    p_table => 'public.donations_donation',
    p_key_column => 'invoice_id',
    p_activity_column => 'source_id');

-- Content types are written when the product is installed and never after: nothing to re-score.
call engagement.attach_triggers(
    p_source => 'invoice',
    p_table => 'public.django_content_type',
    p_key_column => 'null',
    p_activity_column => 'source_id');

call engagement.attach_triggers(
    p_source => 'registrant',
    p_table => 'public.events_registrant',
    p_key_column => 'id',
    p_activity_column => 'source_id');

call engagement.attach_triggers(
    p_source => 'registrant',
    p_table => 'public.events_registration',
    p_key_column => 'invoice_id',
    p_activity_column => 'document_id');

call engagement.attach_triggers(
    p_source => 'registrant',
    p_table => 'public.invoices_invoice',
    p_key_column => 'id',
    p_activity_column => 'document_id');

call engagement.attach_triggers(
    p_source => 'officer',
    p_table => 'public.committees_officer',
    p_key_column => 'id',
    p_activity_column => 'source_id');

call engagement.attach_triggers(
    p_source => 'officer',
    p_table => 'public.committees_position',
    p_key_column => 'id',
    p_activity_column => 'document_id');

call engagement.attach_triggers(
    p_source => 'officer',
    p_table => 'public.committees_committee',
    p_key_column => 'id::text',
    p_activity_column => 'subject_id');

call engagement.attach_triggers(
    p_source => 'customer',
    p_table => 'public.auth_user',
    p_key_column => 'id',
    p_activity_column => 'customer_id');

call engagement.attach_triggers(
    p_source => 'customer',
    p_table => 'public.corporate_memberships_corpprofile',
    p_key_column => '10000000000 + id',
    p_activity_column => 'customer_id');

call engagement.attach_triggers(
    p_source => 'employment',
    p_table => 'public.memberships_membershipdefault',
    p_key_column => 'user_id',
    p_activity_column => 'customer_id');

call engagement.attach_triggers(
    p_source => 'employment',
    p_table => 'public.corporate_memberships_corpmembershiprep',
    p_key_column => 'user_id',
    p_activity_column => 'customer_id');

-- An outcome: does a member renew? A membership that was accepted ends with its expire_dt. It was
-- renewed if another accepted membership of the same person, of whatever type, begins within 60
-- days of that end, before it or after it; the value is what the invoices of these amount to. A
-- term is in the view when these 60 days are over, so that nobody counts as lost who may still
-- renew. That is decided by the clock, which a view of an outcome may ask. Companies' memberships
-- are no outcomes here.
--
-- Who renews early does so up to 60 days before decided_at: compare with the scores of an earlier
-- day (a lead of more than 60 days), or the renewal's own points are in the score.
create or replace view engagement_host.renewal as
select
    m.customer_id,
    m.end_at as decided_at,
    count(n.membership_id) > 0 as happened,
    sum(i.amount) as value
from engagement_host.accepted_membership as m
left join engagement_host.accepted_membership as n
    on
        n.customer_id = m.customer_id
        and n.begin_at > m.begin_at
        and n.begin_at > m.end_at - interval '60 days'
        and n.begin_at < m.end_at + interval '60 days'
left join engagement_host.invoice as i on i.document_id = n.membership_key
where m.end_at + interval '60 days' < now()
group by m.customer_id, m.end_at;

comment on view engagement_host.renewal is
'Outcome: memberships of people that have ended, and whether they were renewed';
comment on column engagement_host.renewal.customer_id is 'Whose membership it was';
comment on column engagement_host.renewal.decided_at is 'When it expired';
comment on column engagement_host.renewal.happened is
'True: another membership begins within 60 days of that, before it or after it';
comment on column engagement_host.renewal.value is
'Total of its invoices less refunds; NULL: it has none';

call engagement.register_outcome(
    p_outcome => 'RENEWAL',
    p_view => 'engagement_host.renewal',
    p_description => 'Another membership began within 60 days of the end of one');
