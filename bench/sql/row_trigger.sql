-- Contender: a row-level trigger that keeps the running totals. Of a changed line it takes off what
-- the old one was worth and adds the new one's worth. It is simpler than ours: it knows no changed
-- header, product, rule or employment, nothing ages out of its totals, an error of its own fails
-- the order, and orders for employees of one company wait for each other.
create function bench.add_points(p_line crm.order_line, p_sign integer) returns void
language plpgsql as $$
declare
    v_points numeric;
    v_ordered_on date;
    v_employer_id bigint;
begin
    select sum(round(
               r.flat_score * sign(p_line.quantity) + r.quantity_score * p_line.quantity
               + r.amount_score * p_line.amount, 2)),
           min(o.ordered_at)::date
    into v_points, v_ordered_on
    from crm.sales_order o
    join crm.product p on p.product_id = p_line.product_id
    join bench.rule r
        on (r.subject_id is null or r.subject_id = p.product_id)
        and (r.subject_class is null or r.subject_class = p.product_class)
    where o.order_id = p_line.order_id and o.order_status = 'PLACED'
          and o.ordered_at <= bench.as_of()
          and (r.valid_for is null or o.ordered_at + r.valid_for > bench.as_of());
    if p_line.line_status <> 'ACTIVE' or v_points is null then
        return;
    end if;
    insert into bench.running_total as t (customer_id, own_score)
    values (p_line.ship_customer_id, p_sign * v_points)
    on conflict (customer_id) do update set own_score = t.own_score + excluded.own_score;

    select e.employer_id into v_employer_id
    from crm.employment e
    where e.employee_id = p_line.ship_customer_id and e.is_primary
          and (e.begin_on is null or e.begin_on <= v_ordered_on)
          and (e.end_on is null or e.end_on >= v_ordered_on)
    order by e.begin_on desc nulls last, e.employer_id
    limit 1;
    if v_employer_id <> p_line.ship_customer_id then
        insert into bench.running_total as t (customer_id, employee_score)
        values (v_employer_id, p_sign * v_points)
        on conflict (customer_id)
        do update set employee_score = t.employee_score + excluded.employee_score;
    end if;
end
$$;

create function bench.keep_total() returns trigger
language plpgsql as $$
begin
    if tg_op <> 'INSERT' then
        perform bench.add_points(old, -1);
    end if;
    if tg_op <> 'DELETE' then
        perform bench.add_points(new, 1);
    end if;
    return null;
end
$$;

create trigger keep_total after insert or update or delete on crm.order_line
for each row execute function bench.keep_total();
