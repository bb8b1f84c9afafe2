-- Internal. Compares everybody's totals with the ledger and returns what differs for certain.
-- Customers who differ and are not queued get a second look and a third, see verify_settled.
-- Definer: it reads everything as the package's owner.
-- Reads: what verify_scores and queued_customers read.
create or replace function engagement.verify_customers(
    p_from engagement.host_key,
    p_to engagement.host_key,
    p_sample numeric,
    p_seed integer
)
returns setof engagement.verify_difference
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
as $$
declare
    v_limit constant integer := 5000;
    v_queued engagement.host_key[];
    v_late engagement.host_key[];
    v_only engagement.host_key[];
    v_difference engagement.verify_difference;
    v_found engagement.verify_difference[];
    v_is_certain boolean := false;
    v_is_late_known boolean;
begin
    for v_look in 1 .. 3 loop
        v_is_late_known := false;
        v_found := '{}';
        v_queued := engagement.queued_customers();
        if v_queued is null then
            return;
        end if;
        for v_difference in
            select v.* from engagement.verify_scores(
                v_queued, p_from, p_to, p_sample, p_seed, v_only) v
        loop
            if not v_is_late_known then
                v_late := engagement.queued_customers();
                v_is_late_known := true;
                if v_late is null then
                    return;
                end if;
            end if;
            continue when v_difference.customer_id = any (v_late);
            if v_is_certain then
                return next v_difference;
                continue;
            end if;
            v_found := v_found || v_difference;
            if cardinality(v_found) > v_limit then
                v_is_certain := true;
                return query select f.* from unnest(v_found) f;
            end if;
        end loop;
        exit when v_is_certain or v_found = '{}';
        v_only := array(select distinct f.customer_id from unnest(v_found) f);
    end loop;
    return query select f.* from unnest(v_found) f where not v_is_certain;
end
$$;
comment on function engagement.verify_customers(
    engagement.host_key, engagement.host_key, numeric, integer
) is
    'Internal: differences between stored totals and the ledger that are still there at a third '
    'look and are not queued, for the customers that is_in_part selects.';
