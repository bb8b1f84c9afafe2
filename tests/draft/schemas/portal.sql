-- A portal by an ORM, a schema for each module: uuid keys, orders of users and of companies, no foreign
-- keys between modules, rows that are deleted by an instant, companies in a table of their own.
create schema identity;
create schema catalog;
create schema sales;
create schema learning;

create function public.key_of(p_table text, p_number bigint) returns uuid
language sql immutable as $$ select md5(p_table || p_number::text)::uuid $$;

create table identity.users (
    id uuid primary key,
    name varchar(255) not null,
    email varchar(255) not null unique,
    deleted_at timestamp (0)
);

create table identity.companies (
    id uuid primary key,
    legal_name varchar(255) not null
);

create table identity.company_user (
    company_id uuid not null references identity.companies,
    user_id uuid not null references identity.users,
    started_on date,
    ended_on date,
    primary key (company_id, user_id)
);

create table catalog.categories (
    id uuid primary key,
    name varchar(255) not null
);

create table catalog.products (
    id uuid primary key,
    category_id uuid not null references catalog.categories,
    name varchar(255) not null
);

create table sales.orders (
    id uuid primary key,
    customer_type varchar(255) not null,
    customer_id uuid not null,
    state varchar(20) not null,
    currency char(3) not null,
    total decimal(12, 2) not null,
    placed_at timestamptz,
    created_at timestamp (0),
    deleted_at timestamp (0)
);
create index on sales.orders (customer_id);

create table sales.order_items (
    id uuid primary key,
    order_id uuid not null references sales.orders,
    product_id uuid not null,
    quantity integer not null,
    unit_price decimal(10, 2) not null
);
create index on sales.order_items (order_id);

create table sales.invoices (
    id uuid primary key,
    order_id uuid not null,
    issued_on date,
    total_net decimal(12, 2)
);

create table learning.courses (
    id uuid primary key,
    title varchar(255)
);

create table learning.enrollments (
    id uuid primary key,
    course_id uuid not null references learning.courses,
    user_id uuid not null references identity.users,
    status varchar(20) not null,
    enrolled_at timestamptz not null,
    completed_at timestamptz
);
create index on learning.enrollments (user_id);

insert into identity.users (id, name, email)
select public.key_of('user', i), 'User ' || i, 'u' || i || '@example.org'
from generate_series(1, 200) as i;

insert into identity.companies
select public.key_of('company', i), 'Company ' || i from generate_series(1, 20) as i;

insert into identity.company_user
select public.key_of('company', 1 + i % 20), public.key_of('user', i), '2020-01-01'
from generate_series(1, 100) as i;

insert into catalog.categories
select public.key_of('category', i), 'Category ' || i from generate_series(1, 4) as i;

insert into catalog.products
select public.key_of('product', i), public.key_of('category', 1 + i % 4), 'Product ' || i
from generate_series(1, 20) as i;

insert into sales.orders
select
    public.key_of('order', i),
    case when i % 5 = 0 then 'App\Models\Company' else 'App\Models\User' end,
    case
        when i % 5 = 0 then public.key_of('company', 1 + i % 20)
        else public.key_of('user', 1 + i % 200)
    end,
    (array['paid', 'shipped', 'cancelled', 'cart'])[1 + i % 4], 'EUR', 20,
    case when i % 4 < 3 then timestamptz '2025-01-01 12:00+00' + i * interval '1 hour' end,
    timestamp '2025-01-01 12:00' + i * interval '1 hour'
from generate_series(1, 700) as i;

insert into sales.order_items
select
    public.key_of('item', i), public.key_of('order', 1 + i % 700),
    public.key_of('product', 1 + i % 20), 1 + i % 3, 10
from generate_series(1, 1400) as i;

insert into sales.invoices
select public.key_of('invoice', i), public.key_of('order', i), '2025-02-01', 20
from generate_series(1, 600) as i;

insert into learning.courses
select public.key_of('course', i), 'Course ' || i from generate_series(1, 10) as i;

insert into learning.enrollments
select
    public.key_of('enrollment', i), public.key_of('course', 1 + i % 10),
    public.key_of('user', 1 + i % 200), (array['active', 'completed', 'dropped'])[1 + i % 3],
    timestamptz '2025-03-01 12:00+00' + i * interval '1 hour'
from generate_series(1, 250) as i;

analyze;
