-- The server's clock, as text that casts back to the same instant.
select clock_timestamp()::text
