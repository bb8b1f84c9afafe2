-- Whether a table has rows.
select exists (select from {name})
