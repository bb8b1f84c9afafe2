-- Internal. How the awards of given keys are looked up, as the text of a FROM item w.
--
-- On one machine key by key, whatever the planner thinks of tables that were empty when it planned:
-- a bitmap of thousands of keys may outgrow work_mem, and would then compare every row of its pages
-- with every key. In a cluster by the whole array: it prunes the shards and is sent to them, where
-- plans are made anew each time.
-- Reads: is_distributed.
create or replace function engagement.look_up_sql(
    p_column text, p_keys text, p_condition text default 'true'
)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return format(
        case when engagement.is_distributed() then
            '(select w.* from engagement.award w where w.%1$I = any (%2$s) and %3$s) w'
        else
            'unnest(%2$s) k (key) cross join lateral '
            '(select w.* from engagement.award w where w.%1$I = k.key and %3$s offset 0) w' end,
        p_column, p_keys, p_condition);
end
$$;
comment on function engagement.look_up_sql(text, text, text) is
    'Internal: FROM item w, the awards whose p_column is one of an array of keys (an expression, '
    'each key once) and that meet a condition on w.';
