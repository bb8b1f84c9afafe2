-- The settings of every session of the command, before its first question: nothing that somebody has
-- put into another schema stands in for what is meant, and no setting of a role or database changes
-- an answer. The first statement names nothing that could be looked up elsewhere.
set search_path = pg_catalog, pg_temp;
set datestyle = 'ISO, YMD';
set intervalstyle = 'postgres';
set extra_float_digits = 1;
set bytea_output = 'hex';
set standard_conforming_strings = on;
set default_transaction_isolation = 'read committed'
