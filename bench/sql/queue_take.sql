delete from bench.queue
where queue_id = (
    select queue_id from bench.queue order by queue_id limit 1 for update skip locked
)
returning order_line_id
