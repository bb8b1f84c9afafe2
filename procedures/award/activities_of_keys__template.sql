-- Internal. Template: the activities that have these keys in the view, or ever had them in the
-- ledger. A trigger may have voided their awards already, and a run must still sum the customers
-- who had them. What an activity takes back belongs to it. For subjects only the view is read here,
-- see activities_of_keys.
-- Definer, because the host's role has no right here.
-- Reads: the view, award, reversal.
create or replace function engagement.activities_of_keys__template(
    p_activity_column text, p_keys text[]
)
returns engagement.host_key[]
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set jit = off
as $$
declare
    v_keys engagement.host_key[];
    v_ids engagement.host_key[];
begin
    if p_activity_column in ('document_id', 'customer_id') then
        v_keys := p_keys;
    end if;
    case
        when p_activity_column is null then
            v_ids := array(
                select v.source_id::engagement.host_key from engagement.activity__template v
                union
                select w.source_id from engagement.awards_of_source('template') w
                union
                select r.source_id from engagement.reversal r
                where 'TEMPLATE_REVERSES' <> 'N' and r.source = 'template');
        when p_activity_column = 'source_id' then
            v_ids := array(select distinct k.key::engagement.host_key from unnest(p_keys) k (key));
        when p_activity_column = 'document_id' then
            v_ids := array(
                select v.source_id::engagement.host_key
                from unnest(v_keys) k (key)
                cross join lateral (
                    select v.source_id from engagement.activity__template v where v.document_id = k.key
                    offset 0
                ) v
                where v.source_id is not null
                union
                select w.source_id from engagement.awards_of_documents('template', v_keys, null) w
                union
                select r.source_id from engagement.reversal r
                where 'TEMPLATE_REVERSES' <> 'N' and r.source = 'template'
                      and r.document_id = any (v_keys));
        when p_activity_column = 'customer_id' then
            v_ids := array(
                select v.source_id::engagement.host_key
                from unnest(v_keys) k (key)
                cross join lateral (
                    select v.source_id from engagement.activity__template v where v.customer_id = k.key
                    offset 0
                ) v
                where v.source_id is not null
                union
                select w.source_id from engagement.awards_of_customers('template', v_keys, null) w
                union
                select r.source_id from engagement.reversal r
                where 'TEMPLATE_REVERSES' <> 'N' and r.source = 'template'
                      and r.customer_id = any (v_keys));
        when p_activity_column = 'subject_id' then
            v_ids := array(
                select distinct v.source_id::engagement.host_key
                from unnest(p_keys) k (key)
                cross join lateral (
                    select v.source_id from engagement.activity__template v
                    where v.subject_id = k.key
                    offset 0
                ) v
                where v.source_id is not null);
    end case;
    if 'TEMPLATE_REVERSES' <> 'N' then
        v_ids := engagement.with_reversed__template(v_ids);
    end if;
    return v_ids;
end
$$;
comment on function engagement.activities_of_keys__template(text, text[]) is
    'Internal: template: keys of the activities that have, or ever had, one of these keys (as '
    'text) in p_activity_column (NULL: of all), and of what they take back.';
