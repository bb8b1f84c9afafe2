-- Internal. The awards of a source, all or those that have given keys; see stored_scores.
-- Reads: award.
create or replace function engagement.stored_awards(
    p_source text,
    p_column text default null,
    p_keys engagement.host_key[] default null,
    p_is_live boolean default true
)
returns setof engagement.award
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return query execute format(
        'select w.* from engagement.award w where w.source = $1 and %s and %s',
        case when p_is_live then 'w.voided_at is null' else 'true' end,
        case when p_column is null then 'true' else format('w.%I = any ($2)', p_column) end)
    using p_source, p_keys;
end
$$;
comment on function engagement.stored_awards(text, text, engagement.host_key[], boolean) is
    'Internal: awards of a source whose p_column (NULL: whatever they have) is one of p_keys; live '
    'ones only, unless p_is_live is false.';
