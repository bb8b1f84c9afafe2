-- Who may do what. Routines are executable by PUBLIC when they are made; here that ends, for all of
-- them.
revoke all on schema engagement from public;
revoke all on schema engagement_host from public;
revoke all on schema engagement_meta from public;
revoke all on all tables in schema engagement from public;
revoke all on all routines in schema engagement from public;
