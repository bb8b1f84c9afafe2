-- Make room for a package of the trial's own. What is in use keeps its place for everybody else: to
-- rename a schema locks nothing that is in it.
do $$
declare
    v_schema text;
begin
    foreach v_schema in array array['engagement', 'engagement_host', 'engagement_meta'] loop
        execute format('alter schema %I rename to %I', v_schema, v_schema || '_in_use');
    end loop;
end
$$
