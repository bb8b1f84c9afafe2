-- A college: its people are students, courses have keys of two columns, orders are "received", and a
-- booking is cancelled or refunded by an instant.
create table student (
    student_id bigint primary key,
    first_name text not null,
    last_name text not null,
    email text
);

create table course (
    campus text,
    course_no integer,
    title text not null,
    course_type text not null,
    primary key (campus, course_no)
);

create table booking (
    booking_id bigint primary key,
    student_id bigint not null references student,
    received_on date not null,
    cancelled_at timestamptz,
    refunded_at timestamptz
);
create index on booking (student_id);

create table booking_line (
    line_id bigint primary key,
    booking_id bigint not null references booking,
    campus text not null,
    course_no integer not null,
    quantity integer not null,
    returned_quantity integer not null default 0,
    price numeric not null,
    attended boolean,
    foreign key (campus, course_no) references course
);
create index on booking_line (booking_id);

-- No foreign key: the names have to do.
create table donation (
    donation_id bigint primary key,
    student_id bigint not null,
    given_amount numeric not null,
    posting_day date not null
);
create index on donation (student_id);

insert into student
select i, 'First ' || i, 'Last ' || i, 's' || i || '@example.org' from generate_series(1, 200) as i;

insert into course
select case i % 2 when 0 then 'NORTH' else 'SOUTH' end, i, 'Course ' || i, 'EVENING'
from generate_series(1, 20) as i;

insert into booking
select
    i, 1 + i % 200, date '2025-01-01' + i % 300,
    case when i % 10 = 0 then timestamptz '2025-12-01 12:00+00' end,
    case when i % 20 = 0 then timestamptz '2025-12-02 12:00+00' end
from generate_series(1, 1000) as i;

insert into booking_line
select
    i, 1 + i % 1000, case (1 + i % 20) % 2 when 0 then 'NORTH' else 'SOUTH' end, 1 + i % 20,
    1, 0, 120, i % 3 = 0
from generate_series(1, 2000) as i;

insert into donation
select i, 1 + i % 200, 25, date '2025-03-01' + i % 100 from generate_series(1, 300) as i;

analyze;
