-- Make room for the views of an adapter on trial. Those in use keep their place for everybody else:
-- to rename a schema locks nothing that is in it, as replacing a view would.
do $$
begin
    alter schema engagement_host rename to engagement_host_in_use;
    create schema engagement_host;
end
$$
