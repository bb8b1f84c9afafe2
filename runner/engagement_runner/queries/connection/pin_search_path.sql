-- The first statement of every session of the command: nothing that somebody has put into another
-- schema stands in for what is meant. It names nothing itself that could be looked up elsewhere.
set search_path = pg_catalog, pg_temp
