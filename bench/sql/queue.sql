-- Contender: a queue of lines, filled by statement-level triggers. An application takes them one by
-- one (queue_*.sql); it remembers what a line was counted as, so that a corrected line counts once.
-- Like the row-level trigger it knows only changes of lines, and nothing ages out of its totals.
create table bench.queue (
    queue_id bigint generated always as identity primary key,
    order_line_id bigint not null
);

create table bench.counted_line (
    order_line_id bigint primary key,
    customer_id bigint not null,
    employer_id bigint,
    points numeric not null
);

insert into bench.counted_line (order_line_id, customer_id, employer_id, points)
select order_line_id, customer_id, employer_id, points
from bench.line_point
where points is not null;

create function bench.fill_queue() returns trigger
language plpgsql as $$
begin
    insert into bench.queue (order_line_id) select order_line_id from changed;
    return null;
end
$$;

create trigger queue_insert after insert on crm.order_line
referencing new table as changed for each statement execute function bench.fill_queue();
create trigger queue_update after update on crm.order_line
referencing new table as changed for each statement execute function bench.fill_queue();
create trigger queue_delete after delete on crm.order_line
referencing old table as changed for each statement execute function bench.fill_queue();
