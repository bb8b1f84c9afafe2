-- Internal. Finds the activities of a source that cannot be read because of a bad value in the host
-- (a text that is not a number, a division by zero), so that the others can be verified. It halves
-- the activities until each bad one stands alone, as a run does. It tries to derive awards first;
-- if that works for all activities, it tries to read whole rows of the view. Definer, because only
-- the package derives. Therefore it takes the view's name from its own table.
-- Reads: activity_source, the view, award, score_rule. Raises: EG006; any error of the view outside
-- class 22.
create or replace function engagement.unread_activities(
    p_source text,
    p_from engagement.host_key,
    p_to engagement.host_key,
    p_sample numeric,
    p_seed integer
)
returns table (
    source_id engagement.host_key,
    customer_id engagement.host_key,
    message text
)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
set jit = off
as $$
declare
    v_view text := (select s.view_name from engagement.activity_source s where s.source = p_source);
    v_ids engagement.host_key[];
    v_firsts integer[];
    v_lasts integer[];
    v_first integer;
    v_last integer;
    v_query text;
    v_is_found boolean := false;
begin
    -- Without a view's name the query would read the caller's temporary table v.
    if v_view is null then
        raise exception 'unknown source'
            using errcode = 'EG006', detail = format('source %L', p_source),
                  hint = 'select source from engagement.activity_source lists them.';
    end if;
    execute format('select array_agg(distinct v.source_id) from %s v '
                   'where engagement.is_in_part(v.customer_id, $1, $2, $3, $4)', v_view)
        into v_ids using p_from, p_to, p_sample, p_seed;
    foreach v_query in array array[
        format('select count(d) from unnest($1) k (id) '
               'cross join lateral engagement.%I(k.id) d', 'earned__' || p_source),
        format('select count(v) from %s v where v.source_id = any ($1)', v_view)
    ] loop
        exit when v_is_found or v_ids is null;
        v_firsts := array[1];
        v_lasts := array[cardinality(v_ids)];
        while cardinality(v_firsts) > 0 loop
            v_first := v_firsts[cardinality(v_firsts)];
            v_last := v_lasts[cardinality(v_lasts)];
            v_firsts := v_firsts[: cardinality(v_firsts) - 1];
            v_lasts := v_lasts[: cardinality(v_lasts) - 1];
            begin
                execute v_query using v_ids[v_first : v_last];
            exception when data_exception then
                if v_first < v_last then
                    v_firsts := v_firsts || array[(v_first + v_last) / 2 + 1, v_first];
                    v_lasts := v_lasts || array[v_last, (v_first + v_last) / 2];
                else
                    v_is_found := true;
                    source_id := v_ids[v_first];
                    message := format('%s %s', sqlstate, sqlerrm);
                    execute format('select v.customer_id from %s v where v.source_id = $1 limit 1',
                                   v_view)
                        into customer_id using source_id;
                    return next;
                end if;
            end;
        end loop;
    end loop;
end
$$;
comment on function engagement.unread_activities(
    text, engagement.host_key, engagement.host_key, numeric, integer
) is
    'Internal: activities of a source whose rows raise an error of class 22 when they are read, '
    'with the error, for the customers that is_in_part selects. Raises EG006 for an unknown '
    'source.';
