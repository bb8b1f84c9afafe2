-- true if a table has a row; else no row. A plain query, because a cluster may ask any node for one
-- that is built on the result of another.
select true from {name} limit 1
