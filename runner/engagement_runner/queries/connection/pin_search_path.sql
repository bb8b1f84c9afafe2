-- The first statement of every session of the command. After it, no object in another schema can
-- take the place of the one that is meant. The statement itself names nothing that could be looked
-- up elsewhere.
set search_path = pg_catalog, pg_temp
