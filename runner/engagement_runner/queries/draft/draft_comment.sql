comment on view engagement_host.{name} is
{comment};
