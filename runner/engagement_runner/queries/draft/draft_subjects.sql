create or replace view engagement_host.subject as
{names};
comment on view engagement_host.subject is
{comment};
