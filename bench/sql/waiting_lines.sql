-- Order lines in our queue.
select coalesce(sum(cardinality(keys)), 0)::double precision
from engagement.pending_activity
where source = 'order_line' and activity_column = 'source_id'
