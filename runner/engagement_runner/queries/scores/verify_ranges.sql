-- The customers with a key in [begin, end), in key order, as ranges of so many each that leave no
-- key out: the first begins where all of them begin, the last ends where they end (NULL:
-- unbounded).
select row_to_json(r)::text
from (
    select
        case when coalesce(b.place, 1) = 1 then %(begin)s::text else b.customer_id::text end
            as begin_key,
        coalesce(lead(b.customer_id::text) over (order by b.place), %(end)s::text) as end_key,
        coalesce(lead(b.place, 1, b.customer_count + 1) over (order by b.place) - b.place, 0)
            as customer_count
    from (values (1)) as one (n)
    left join (
        select
            s.customer_id,
            row_number() over (order by s.customer_id) as place,
            count(*) over () as customer_count
        from engagement.customer_score as s
        where
            (%(begin)s::text is null or s.customer_id >= %(begin)s::engagement.host_key)
            and (%(end)s::text is null or s.customer_id < %(end)s::engagement.host_key)
    ) as b on (b.place - 1) %% %(size)s = 0
    order by b.place
) as r
