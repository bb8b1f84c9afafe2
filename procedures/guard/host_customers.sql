-- API. The host's customers, for queries that show a name beside a score. A view of the host may
-- run the host's code. Definer, so that this code runs as the package's owner and under fixed
-- settings, not as the caller.
-- Reads: engagement_host.customer.
create or replace function engagement.host_customers(
    p_customer_ids engagement.host_key[] default null
)
returns table (
    customer_id engagement.host_key,
    customer_type text,
    display_name text,
    is_active boolean
)
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
    if p_customer_ids is null then
        return query
        select c.customer_id::engagement.host_key, c.customer_type::text, c.display_name::text,
               c.is_active
        from engagement_host.customer c;
    else
        return query
        select c.customer_id::engagement.host_key, c.customer_type::text, c.display_name::text,
               c.is_active
        from engagement_host.customer c
        where c.customer_id = any (p_customer_ids);
    end if;
end
$$;
comment on function engagement.host_customers(engagement.host_key[]) is
    'Customers with these keys (NULL: all) as the host shows them (view engagement_host.customer).';
