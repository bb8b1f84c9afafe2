-- The two schemas and the one type of the host's keys. The deployer sets engagement.key_type before
-- it runs this.
create schema engagement;
comment on schema engagement is
    'pg-engagement: rules, ledger of awards, scores, and the routines that keep them.';

create schema engagement_host;
comment on schema engagement_host is
    'pg-engagement: the views through which a host CRM is seen; defined by the host''s adapter.';

do $$
declare
    v_type text := coalesce(nullif(current_setting('engagement.key_type', true), ''), 'bigint');
begin
    if v_type not in ('bigint', 'uuid', 'text') then
        raise exception 'key type is not supported'
            using errcode = 'EG004', detail = format('key type %L', v_type),
                  hint = 'Use bigint, uuid or text.';
    end if;
    execute format('create domain engagement.host_key as %s', v_type);
end
$$;
comment on domain engagement.host_key is
    'Key of a row of the host (customer, order, order line, …): bigint, uuid or text, one type per '
    'deployment.';
