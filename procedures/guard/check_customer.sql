-- Internal. Checks that a customer is known: to the host, to the ledger, or by a score.
-- Definer: the host's views run as the package's owner, whoever asks.
-- Reads: engagement_host.customer, award, customer_score. Raises: EG001, EG006.
create or replace function engagement.check_customer(p_customer_id engagement.host_key)
returns void
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
as $$
begin
    perform engagement.check_attached();
    -- Separate statements, because a cluster would fetch the host's customers to join them.
    if exists (select from engagement_host.customer c where c.customer_id = p_customer_id) then
        return;
    end if;
    if exists (select 1 from engagement.award w where w.customer_id = p_customer_id) then
        return;
    end if;
    if exists (select 1 from engagement.customer_score s where s.customer_id = p_customer_id) then
        return;
    end if;
    raise exception 'unknown customer'
        using errcode = 'EG001', detail = format('customer %L', p_customer_id),
              hint = 'The host''s view engagement_host.customer does not show it and it has no '
                     'awards. engagement find NAME looks for a customer by name.';
end
$$;
comment on function engagement.check_customer(engagement.host_key) is
    'Internal: raises EG001 for a customer that neither the host nor the ledger knows, EG006 '
    'without a host.';
