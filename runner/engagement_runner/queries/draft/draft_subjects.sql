create or replace view engagement_host.subject as
{names};
