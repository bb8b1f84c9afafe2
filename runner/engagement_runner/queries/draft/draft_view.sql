create or replace view engagement_host.{name} as
select
{columns}{source}{condition};
