-- The shape of the host's employment view, without rows. In the routines of a source
-- engagement_host.employment replaces it.
create or replace view engagement.employment__template as
select
    null::engagement.host_key as employee_id,
    null::engagement.host_key as employer_id,
    null::boolean as is_primary,
    null::date as begin_on,
    null::date as end_on
where false;

comment on view engagement.employment__template is
'Template: the shape of engagement_host.employment, without rows.';
comment on column engagement.employment__template.employee_id is 'The person.';
comment on column engagement.employment__template.employer_id is 'The company.';
comment on column engagement.employment__template.is_primary is 'Whether it is the main job.';
comment on column engagement.employment__template.begin_on is 'First day; NULL: unbounded.';
comment on column engagement.employment__template.end_on is 'Last day; NULL: unbounded.';
