-- Internal. Template of the trigger routine of a table of settings, which any activity may depend
-- on. A change queues the whole source. The next run compares the source; the host's transaction
-- never does. For the rest see capture_template.
-- Definer, because the host's role has no right here.
-- Reads: the statement's rows. Writes: pending_activity, scoring_failure.
create or replace function engagement.capture_settings_template()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '50ms'
as $$
#variable_conflict use_column
declare
    v_calls text := set_config(
        'engagement.scoring_calls',
        left(coalesce(current_setting('engagement.scoring_calls', true), ''), 50) || 'x', true);
    v_is_whole boolean := true;
begin
    if engagement.parameter('CALCULATE_ENGAGEMENT_SCORE_POINTS') = 'N' then
        raise notice 'engagement scores are switched off (CALCULATE_ENGAGEMENT_SCORE_POINTS is N)';
    elsif length(v_calls) <= 50
          or coalesce(current_setting('engagement.is_broken', true), '') <> 'Y' then
        begin
            if tg_op = 'INSERT' then
                v_is_whole := exists (select from new_rows t);
            elsif tg_op = 'UPDATE' then
                v_is_whole := exists (
                    select
                    from (
                        select -1 as side, t.values__template from old_rows t
                        union all
                        select 1, t.values__template from new_rows t
                    ) u
                    group by (), u.values__template
                    having sum(u.side) <> 0);
            elsif tg_op = 'DELETE' then
                v_is_whole := exists (select from old_rows t);
            end if;
            if v_is_whole and length(v_calls) <= 50 then
                insert into engagement.pending_activity (source)
                select 'template'
                union all
                select 'customer' where tg_op = 'TRUNCATE';
            end if;
        exception when others then
            perform engagement.capture_failed('template', null, null, sqlstate, sqlerrm);
        end;
        if v_is_whole and length(v_calls) > 50 then
            insert into engagement.pending_activity (source) values ('template');
        end if;
    end if;
    return null;
end
$$;
comment on function engagement.capture_settings_template() is
    'Internal: template: a change of the attached table queues the whole source.';
