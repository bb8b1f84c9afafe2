-- Internal. Divides a source into single activities if the data of one row keeps it from being
-- compared as a whole. The next phase finds that row and scores the others. If the view itself is
-- broken, the source is left to the next run. Definer: the host's views run as the package's owner.
-- Reads: the view, award, reversal. Writes: recalculation_source, recalculation_key,
-- scoring_failure.
create or replace function engagement.divide_source(
    p_run engagement.recalculation_run, p_source text, p_sqlstate text, p_message text
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
as $$
begin
    if left(p_sqlstate, 2) <> '22' then
        perform engagement.skip_source(p_run, p_source, p_sqlstate, p_message);
        return;
    end if;
    execute format($sql$
        insert into engagement.recalculation_key (source, source_id)
        select distinct %L, v.source_id from %s v where v.source_id is not null
        on conflict (source, source_id) do nothing$sql$,
        p_source,
        (select s.view_name from engagement.activity_source s where s.source = p_source));
    insert into engagement.recalculation_key (source, source_id)
    select p_source, w.source_id from engagement.award w
    where w.source = p_source and w.voided_at is null
    union
    select p_source, r.source_id from engagement.reversal r
    where r.source = p_source
    on conflict (source, source_id) do nothing;
    delete from engagement.recalculation_source s where s.source = p_source;
    perform engagement.take_keys(p_run, p_source);
exception
    when connection_exception then
        raise;  -- see run_sources
    when others then
        perform engagement.skip_source(p_run, p_source, sqlstate, sqlerrm);
end
$$;
comment on function engagement.divide_source(engagement.recalculation_run, text, text, text) is
    'Internal: divides a source into single activities if a row keeps it from being compared as a '
    'whole.';
