-- So many orders, one after the other, each by a statement for its header and one for its lines.
-- They are of customers far from each other: number after number, spread over all of them.
do $$
declare
    v_order_id bigint;
    v_customer_id bigint;
begin
    for n in 1..bench.setting('orders') loop
        v_customer_id := 1 + bench.spread(n + 1000 * bench.setting('round'), 2654435761,
                                          bench.setting('lines') / 13);
        insert into crm.sales_order (ordered_at, bill_customer_id)
        values (now(), v_customer_id)
        returning order_id into v_order_id;
        insert into crm.order_line (order_id, ship_customer_id, product_id, quantity, amount)
        values (v_order_id, v_customer_id, 'P' || 1 + n % 500, 1, 40),
               (v_order_id, v_customer_id, 'P' || 1 + n * 7 % 500, 2, 75);
    end loop;
end
$$;
