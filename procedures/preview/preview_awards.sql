-- Internal. What other rules would award, derived as a run over whole sources does.
-- Definer: the host's views run as the package's owner.
-- Reads: the views, temporary table engagement_preview_rule.
-- Writes: temporary table engagement_preview_award.
create or replace function engagement.preview_awards()
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
set enable_nestloop = off
set jit = off
as $$
declare
    v_source engagement.activity_source;
begin
    create temporary table engagement_preview_award on commit drop as
    select w.* from engagement.award w where false;
    for v_source in
        select s.* from engagement.activity_source s
        where s.detached_at is null
              and exists (select from pg_temp.engagement_preview_rule r
                          where r.engagement_type = s.engagement_type
                                and r.effective_when is not distinct from s.effective_when)
    loop
        execute format($sql$
            insert into pg_temp.engagement_preview_award (
                customer_id, source, source_id, rule_id, employer_id, points, effective_at,
                expires_at
            )
            select d.customer_id, %L, d.source_id, d.rule_id, d.employer_id, d.points,
                   d.effective_at, d.expires_at
            from (%s) d
            where d.is_sane$sql$, v_source.source,
            engagement.derivation_sql(v_source.source, v_source.view_name || ' v', true,
                                      'pg_temp.engagement_preview_rule'));
    end loop;
end
$$;
comment on function engagement.preview_awards() is
    'Internal: fills the temporary table engagement_preview_award with what the rules of '
    'engagement_preview_rule would award.';
