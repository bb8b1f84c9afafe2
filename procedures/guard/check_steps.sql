-- Internal. Checks the steps of inactivity that a rule or a category is given.
-- Raises: EG004.
create or replace function engagement.check_steps(p_steps integer[], p_what text)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_months integer := 0;
    v_percent integer := 100;
    v_is_valid boolean := cardinality(p_steps) = 0
        or (array_ndims(p_steps) = 2 and array_length(p_steps, 2) = 2
            and array_lower(p_steps, 1) = 1 and array_lower(p_steps, 2) = 1);
    v_step integer[];
begin
    if p_steps is null then
        return;
    end if;
    if v_is_valid and p_steps <> '{}' then
        foreach v_step slice 1 in array p_steps loop
            v_is_valid := v_is_valid
                and coalesce(v_step[1] > v_months and v_step[1] <= 1200
                             and v_step[2] < v_percent and v_step[2] >= 0, false);
            v_months := v_step[1];
            v_percent := v_step[2];
        end loop;
    end if;
    if not v_is_valid then
        raise exception 'steps of inactivity are not valid'
            using errcode = 'EG004', detail = format('%s, steps %s', p_what, p_steps),
                  hint = 'Give pairs of months and percent, such as [[12, 75], [24, 50], [36, 0]]. '
                         'Months rise from 1 to at most 1200; percents fall from 99 to at least '
                         '0.';
    end if;
end
$$;
comment on function engagement.check_steps(integer[], text) is
    'Internal: raises EG004 unless the array has pairs of months, rising, and percents, falling; '
    'NULL and the empty array are let pass. p_what names whose they are.';
