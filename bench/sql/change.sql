-- One order in a hundred is corrected, each by a statement of its own: a host's daily work.
do $$
declare
    v_order_id bigint;
begin
    for v_order_id in
        select order_id
        from crm.sales_order
        where order_id % 100 = bench.setting('round') % 100 and bill_customer_id > 0
    loop
        update crm.order_line set quantity = quantity + 1 where order_id = v_order_id;
    end loop;
end
$$;
