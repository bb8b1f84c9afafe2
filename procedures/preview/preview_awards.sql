-- Internal. What other rules would award, source by source.
-- Reads: activity_source.
-- Writes: temporary table engagement_preview_award.
create or replace function engagement.preview_awards(p_rules engagement.score_rule[])
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_source engagement.activity_source;
begin
    create temporary table engagement_preview_award on commit drop as
    select w.* from engagement.award w where false;
    for v_source in
        select s.* from engagement.activity_source s
        where s.detached_at is null
              and exists (select from unnest(p_rules) r
                          where r.engagement_type = s.engagement_type
                                and r.effective_when is not distinct from s.effective_when)
    loop
        execute format('select engagement.%I($1)', 'preview_awards__' || v_source.source)
            using p_rules;
    end loop;
end
$$;
comment on function engagement.preview_awards(engagement.score_rule[]) is
    'Internal: fills the temporary table engagement_preview_award with what these rules '
    'would award.';
