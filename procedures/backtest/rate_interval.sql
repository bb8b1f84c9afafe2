-- Internal. The interval of a rate, after Wilson: it holds for few outcomes and for rates near 0 or
-- 1, and never leaves them. Inlined by the planner: keep it one query.
create or replace function engagement.rate_interval(p_happened_count bigint, p_count bigint)
returns table (rate double precision, rate_low double precision, rate_high double precision)
language sql
immutable
parallel safe
begin atomic
    select
        w.rate,
        case when p_happened_count > 0 then greatest(w.middle - w.reach, 0) else 0 end,
        case when p_happened_count < p_count then least(w.middle + w.reach, 1) else 1 end
    from (
        select
            r.rate,
            (r.rate + z.z2 / (2 * r.n)) / (1 + z.z2 / r.n) as middle,
            sqrt(z.z2) / (1 + z.z2 / r.n)
            * sqrt(r.rate * (1 - r.rate) / r.n + z.z2 / (4 * r.n * r.n)) as reach
        from (
            select
                nullif(p_count, 0)::double precision as n,
                p_happened_count::double precision / nullif(p_count, 0) as rate
        ) r
        cross join (
            select engagement.interval_z() * engagement.interval_z() as z2
        ) z
    ) w;
end;
comment on function engagement.rate_interval(bigint, bigint) is
    'Internal: p_happened_count / p_count with its interval of 95 % (Wilson); p_count is above 0.';
