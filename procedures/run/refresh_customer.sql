-- API. The refresh icon on the customer's screen. Definer, so that staff can refresh as of now and
-- as of no other instant.
-- Raises: EG001, EG006.
create or replace procedure engagement.refresh_customer(p_customer_id engagement.host_key)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if not engagement.is_switched_off() then
        perform engagement.refresh(p_customer_id, null);
    end if;
end
$$;
comment on procedure engagement.refresh_customer(engagement.host_key) is
    'Brings one customer''s awards and score up to date now (a company''s with its employees'' '
    'points). Raises EG001 for a customer unknown to the host and the ledger.';
