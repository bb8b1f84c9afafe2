-- The reference host: a small CRM in schema crm, for the demo, the tests and the benchmark.
--
-- It stands for the tables that a membership organisation already has. Nothing in it knows of
-- engagement scoring; the adapter beside it, reference.sql, is the only link.
-- Plain SQL. It makes what is missing: `deploy` applies it when there is no schema crm, and when
-- the comment of schema crm is that of an earlier reference host. Whoever adds to it moves the
-- number in the comment.
--
-- Every key is of the domain crm.key, over the key type of the deployment: that of the domain
-- engagement.host_key where it exists, else of the setting engagement.key_type, else bigint.

create schema if not exists crm;
comment on schema crm is
'Reference host, state 2: the tables of a small membership organisation';

create sequence if not exists crm.key_number;
comment on sequence crm.key_number is 'Number behind the next key of any crm table';

do $$
declare
    v_key_type text := coalesce(
        (select format_type(t.typbasetype, null)
         from pg_catalog.pg_type t
         join pg_catalog.pg_namespace n on n.oid = t.typnamespace
         where n.nspname = 'engagement' and t.typname = 'host_key' and t.typtype = 'd'),
        nullif(current_setting('engagement.key_type', true), ''),
        'bigint');
    v_expression text;
begin
    if to_regtype('crm.key') is not null then
        return;
    end if;
    -- The mapping keeps the order of the numbers for bigint and uuid, as sequences and
    -- time-ordered uuids do, so that indexes grow at their right edge.
    v_expression := case v_key_type
        when 'bigint' then 'p_number'
        when 'uuid' then
            '(''00000000-0000-4000-8000-'' || lpad(to_hex(p_number), 12, ''0''))::uuid'
        when 'text' then '''K'' || p_number::text'
    end;
    if v_expression is null then
        raise exception 'key type % is not one of bigint, uuid, text', v_key_type;
    end if;
    execute format('create domain crm.key as %s', v_key_type);
    execute format(
        'create function crm.key_of(p_number bigint) returns crm.key
         language sql immutable strict parallel safe as $f$ select (%s)::crm.key $f$',
        v_expression);
end
$$;
comment on domain crm.key is 'Key of a crm row: the key type of the deployment';
comment on function crm.key_of(bigint) is
'Key that belongs to a number: the number itself, a uuid that ends in it, or K and the number';

create or replace function crm.new_key() returns crm.key
language sql volatile as $$ select crm.key_of(nextval('crm.key_number')) $$;
comment on function crm.new_key() is 'Key of a new row, from the sequence crm.key_number';

create table if not exists crm.customer (
    customer_id crm.key not null default crm.new_key(),
    customer_type text not null default 'INDIVIDUAL',
    display_name text not null,
    is_active boolean not null default true,
    constraint customer_pkey primary key (customer_id),
    constraint customer_type_known check (customer_type in ('INDIVIDUAL', 'COMPANY'))
);
comment on table crm.customer is 'A person or a company that the organisation deals with';
comment on column crm.customer.customer_id is 'Key of the customer';
comment on column crm.customer.customer_type is 'INDIVIDUAL or COMPANY';
comment on column crm.customer.display_name is 'Name as staff read it';
comment on column crm.customer.is_active is 'False once the customer has left or is a duplicate';

create table if not exists crm.product (
    product_id text not null,
    product_class text,
    display_name text not null,
    constraint product_pkey primary key (product_id)
);
comment on table crm.product is 'Something that can be ordered';
comment on column crm.product.product_id is 'Product code';
comment on column crm.product.product_class is 'Group of products; NULL: in no group';
comment on column crm.product.display_name is 'Name as staff read it';

create table if not exists crm.sales_order (
    order_id crm.key not null default crm.new_key(),
    order_status text not null default 'PLACED',
    ordered_at timestamptz not null,
    bill_customer_id crm.key,
    employer_id crm.key,
    constraint sales_order_pkey primary key (order_id),
    constraint sales_order_bill_customer_fkey
    foreign key (bill_customer_id) references crm.customer (customer_id),
    constraint sales_order_employer_fkey
    foreign key (employer_id) references crm.customer (customer_id),
    constraint sales_order_status_known
    check (order_status in ('DRAFT', 'PLACED', 'CANCELLED'))
);
comment on table crm.sales_order is 'Header of an order';
comment on column crm.sales_order.order_id is 'Key of the order';
comment on column crm.sales_order.order_status is 'DRAFT, PLACED or CANCELLED';
comment on column crm.sales_order.ordered_at is 'When the order was placed';
comment on column crm.sales_order.bill_customer_id is
'Who pays; NULL: each line''s customer';
comment on column crm.sales_order.employer_id is
'Employer chosen on the order for its points; NULL: none chosen';
create index if not exists sales_order_bill_customer_idx on crm.sales_order (bill_customer_id);
create index if not exists sales_order_employer_idx on crm.sales_order (employer_id);

create table if not exists crm.order_line (
    order_line_id crm.key not null default crm.new_key(),
    order_id crm.key,
    ship_customer_id crm.key not null,
    product_id text not null,
    quantity numeric default 1,
    amount numeric default 0,
    line_status text not null default 'ACTIVE',
    constraint order_line_pkey primary key (order_line_id),
    constraint order_line_order_fkey
    foreign key (order_id) references crm.sales_order (order_id) on delete cascade,
    constraint order_line_ship_customer_fkey
    foreign key (ship_customer_id) references crm.customer (customer_id),
    constraint order_line_product_fkey
    foreign key (product_id) references crm.product (product_id),
    constraint order_line_status_known check (line_status in ('ACTIVE', 'CANCELLED'))
);
comment on table crm.order_line is 'One product on an order, for one customer';
comment on column crm.order_line.order_line_id is 'Key of the line';
comment on column crm.order_line.order_id is
'Order that the line belongs to; NULL: a line entered before its header';
comment on column crm.order_line.ship_customer_id is 'Who receives the product';
comment on column crm.order_line.product_id is 'What was ordered';
comment on column crm.order_line.quantity is 'How many; negative on a return; NULL: unknown';
comment on column crm.order_line.amount is
'Price of the whole line in the base currency; negative on a return; NULL: unknown';
comment on column crm.order_line.line_status is 'ACTIVE or CANCELLED';
create index if not exists order_line_order_idx on crm.order_line (order_id);
create index if not exists order_line_ship_customer_idx on crm.order_line (ship_customer_id);
create index if not exists order_line_product_idx on crm.order_line (product_id);

create table if not exists crm.invoice (
    invoice_id crm.key not null default crm.new_key(),
    invoice_status text not null default 'POSTED',
    invoiced_at timestamptz not null,
    employer_id crm.key,
    constraint invoice_pkey primary key (invoice_id),
    constraint invoice_employer_fkey
    foreign key (employer_id) references crm.customer (customer_id),
    constraint invoice_status_known
    check (invoice_status in ('DRAFT', 'POSTED', 'PAID', 'VOID'))
);
comment on table crm.invoice is
'Header of an invoice; a credit note is an invoice whose lines are negative';
comment on column crm.invoice.invoice_id is 'Key of the invoice';
comment on column crm.invoice.invoice_status is 'DRAFT, POSTED, PAID or VOID';
comment on column crm.invoice.invoiced_at is 'When the invoice was issued';
comment on column crm.invoice.employer_id is
'Employer chosen on the invoice for its points; NULL: none chosen';
create index if not exists invoice_employer_idx on crm.invoice (employer_id);

create table if not exists crm.invoice_line (
    invoice_line_id crm.key not null default crm.new_key(),
    invoice_id crm.key not null,
    order_line_id crm.key,
    ship_customer_id crm.key not null,
    product_id text not null,
    quantity numeric default 1,
    amount numeric default 0,
    reverses_line_id crm.key,
    constraint invoice_line_pkey primary key (invoice_line_id),
    constraint invoice_line_invoice_fkey
    foreign key (invoice_id) references crm.invoice (invoice_id) on delete cascade,
    constraint invoice_line_order_line_fkey
    foreign key (order_line_id) references crm.order_line (order_line_id),
    constraint invoice_line_ship_customer_fkey
    foreign key (ship_customer_id) references crm.customer (customer_id),
    constraint invoice_line_product_fkey
    foreign key (product_id) references crm.product (product_id),
    constraint invoice_line_reverses_line_fkey
    foreign key (reverses_line_id) references crm.invoice_line (invoice_line_id)
);
comment on table crm.invoice_line is 'One product on an invoice, for one customer';
comment on column crm.invoice_line.invoice_line_id is 'Key of the line';
comment on column crm.invoice_line.invoice_id is 'Invoice that the line belongs to';
comment on column crm.invoice_line.order_line_id is
'Order line that is invoiced; NULL: invoiced without an order';
comment on column crm.invoice_line.ship_customer_id is 'Who received the product';
comment on column crm.invoice_line.product_id is 'What is invoiced';
comment on column crm.invoice_line.quantity is
'How many; negative on a credit note; NULL: unknown';
comment on column crm.invoice_line.amount is
'Price of the whole line in the base currency; negative on a credit note; NULL: unknown';
comment on column crm.invoice_line.reverses_line_id is
'Earlier line that a credit note''s line takes back; NULL: none';
create index if not exists invoice_line_invoice_idx on crm.invoice_line (invoice_id);
create index if not exists invoice_line_order_line_idx on crm.invoice_line (order_line_id);
create index if not exists invoice_line_ship_customer_idx on crm.invoice_line (ship_customer_id);
create index if not exists invoice_line_product_idx on crm.invoice_line (product_id);
create index if not exists invoice_line_reverses_line_idx on crm.invoice_line (reverses_line_id);

create table if not exists crm.committee (
    committee_id text not null,
    committee_class text,
    display_name text not null,
    constraint committee_pkey primary key (committee_id)
);
comment on table crm.committee is 'A committee, board or working group';
comment on column crm.committee.committee_id is 'Code of the committee';
comment on column crm.committee.committee_class is 'Group of committees; NULL: in no group';
comment on column crm.committee.display_name is 'Name as staff read it';

create table if not exists crm.committee_member (
    committee_member_id crm.key not null default crm.new_key(),
    committee_id text not null,
    customer_id crm.key not null,
    begin_on date not null,
    end_on date,
    position text,
    constraint committee_member_pkey primary key (committee_member_id),
    constraint committee_member_committee_fkey
    foreign key (committee_id) references crm.committee (committee_id),
    constraint committee_member_customer_fkey
    foreign key (customer_id) references crm.customer (customer_id)
);
comment on table crm.committee_member is 'A seat on a committee, held by one person for a time';
comment on column crm.committee_member.committee_member_id is 'Key of the seat';
comment on column crm.committee_member.committee_id is 'Committee';
comment on column crm.committee_member.customer_id is 'Who holds the seat';
comment on column crm.committee_member.begin_on is 'First day';
comment on column crm.committee_member.end_on is 'Last day, inclusive; NULL: open';
comment on column crm.committee_member.position is 'Office held, such as Chair; NULL: member';
create index if not exists committee_member_committee_idx on crm.committee_member (committee_id);
create index if not exists committee_member_customer_idx on crm.committee_member (customer_id);

create table if not exists crm.employment (
    employment_id crm.key not null default crm.new_key(),
    employee_id crm.key not null,
    employer_id crm.key not null,
    is_primary boolean not null default true,
    begin_on date,
    end_on date,
    constraint employment_pkey primary key (employment_id),
    constraint employment_employee_fkey
    foreign key (employee_id) references crm.customer (customer_id),
    constraint employment_employer_fkey
    foreign key (employer_id) references crm.customer (customer_id)
);
comment on table crm.employment is 'A person works, or worked, for a company';
comment on column crm.employment.employment_id is 'Key of the row';
comment on column crm.employment.employee_id is 'The person';
comment on column crm.employment.employer_id is 'The company';
comment on column crm.employment.is_primary is 'True: the person''s main employer at the time';
comment on column crm.employment.begin_on is 'First day; NULL: not known';
comment on column crm.employment.end_on is 'Last day, inclusive; NULL: still employed';
create index if not exists employment_employee_idx on crm.employment (employee_id);
create index if not exists employment_employer_idx on crm.employment (employer_id);

create table if not exists crm.attribute (
    attribute_id text not null,
    display_name text not null,
    constraint attribute_pkey primary key (attribute_id)
);
comment on table crm.attribute is 'Something that may be true of a customer for a time';
comment on column crm.attribute.attribute_id is 'Code of the attribute';
comment on column crm.attribute.display_name is 'Name as staff read it';

create table if not exists crm.customer_attribute (
    customer_attribute_id crm.key not null default crm.new_key(),
    customer_id crm.key not null,
    attribute_id text not null,
    since timestamptz not null,
    constraint customer_attribute_pkey primary key (customer_attribute_id),
    constraint customer_attribute_customer_fkey
    foreign key (customer_id) references crm.customer (customer_id),
    constraint customer_attribute_attribute_fkey
    foreign key (attribute_id) references crm.attribute (attribute_id)
);
comment on table crm.customer_attribute is
'What is true of a customer now; the row is deleted when it no longer is';
comment on column crm.customer_attribute.customer_attribute_id is 'Key of the row';
comment on column crm.customer_attribute.customer_id is 'The customer';
comment on column crm.customer_attribute.attribute_id is 'What is true of them';
comment on column crm.customer_attribute.since is 'Since when it has been true without a break';
create index if not exists customer_attribute_customer_idx on crm.customer_attribute (customer_id);
create index if not exists customer_attribute_attribute_idx
on crm.customer_attribute (attribute_id);
