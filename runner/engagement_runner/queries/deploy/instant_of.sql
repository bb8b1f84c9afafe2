-- A text as an instant; NULL stays NULL.
select %(instant)s::timestamptz
