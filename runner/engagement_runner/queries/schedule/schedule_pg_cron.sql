-- SQL for pg_cron, as text. Its clock is one for the whole server (cron.timezone; before 1.5 always
-- GMT) and its times know no other zone. So the job is planned for every time of that clock which
-- is Saturday 05:30 in the organisation's zone on some day of the coming year, summer time or not,
-- and recalculates only where it is. Half an hour is allowed for a late start; planned times are
-- no nearer to each other.
-- The follower's job lasts for its minute and calls twice a second. pg_cron knows seconds from 1.5
-- on only, and would start a process and add a row to cron.job_run_details for each.
with place as (
    select
        engagement.get_parameter('TIME_ZONE') as zone,
        coalesce(
            (select s.setting from pg_catalog.pg_settings as s where s.name = 'cron.timezone'),
            'GMT') as cron_zone,
        (
            select s.setting from pg_catalog.pg_settings as s where s.name = 'cron.database_name'
        ) as cron_database
),

saturday as (
    select
        p.*,
        (d.day_on + time '05:30') at time zone p.zone at time zone p.cron_zone as cron_at
    from place as p
    cross join lateral (
        select (now() at time zone p.zone)::date + g.number as day_on
        from generate_series(0, 370) as g (number)
    ) as d
    where extract(isodow from d.day_on) = 6
),

times as (
    select
        s.zone, s.cron_zone, s.cron_database,
        format(
            '%%s %%s * * %%s',
            string_agg(distinct to_char(s.cron_at, 'FMMI'), ','),
            string_agg(distinct to_char(s.cron_at, 'FMHH24'), ','),
            string_agg(distinct extract(dow from s.cron_at)::text, ',')) as plan
    from saturday as s
    group by s.zone, s.cron_zone, s.cron_database
)

select format(
    $text$-- pg_cron: the weekly recalculation, Saturday 05:30 in %%1$s.
-- Where: with psql in the database %%2$s, once pg_cron is there:
--   shared_preload_libraries = 'pg_cron' and cron.database_name = '%%2$s' in postgresql.conf, a
--   restart, and CREATE EXTENSION pg_cron.
-- The job runs as whoever runs this, who must be allowed to call engagement.recalculate. It takes
-- the place of a job of the same name; select cron.unschedule(%%7$L) ends it.
-- pg_cron's clock is %%3$s. These are all its times that can be Saturday 05:30 in %%1$s; the job
-- recalculates only when it is. Print this anew when TIME_ZONE or cron.timezone has changed.
select cron.%%4$s(
    %%7$L,
    %%5$L,
    $job$
do $engagement$
begin
    if to_char(now() at time zone %%1$L, 'ID HH24:MI') collate "C"
       between '6 05:30' and '6 05:59' then
        call engagement.recalculate();
    end if;
end
$engagement$
    $job$%%6$s);

-- Scores that are current between the weekly runs: leave out the rest where weekly scores are
-- enough. The job begins every minute, lasts for the minute, and looks at the queue twice a second.
-- So any version of pg_cron will do. It takes one of cron.max_running_jobs for good, and one of
-- max_worker_processes if cron.use_background_workers is on.
-- select cron.unschedule(%%8$L) ends it.
select cron.%%4$s(
    %%8$L,
    '* * * * *',
    $job$
do $engagement$
declare
    v_until timestamptz := date_trunc('minute', clock_timestamp()) + interval '59.5 seconds';
    v_statement_count bigint;
    v_customer_count bigint;
    v_left_count bigint;
begin
    -- engagement status counts the sessions of this name.
    perform set_config('application_name', 'engagement follow', false);
    loop
        call engagement.catch_up(v_statement_count, v_customer_count, v_left_count);
        commit;
        exit when clock_timestamp() >= v_until;
        perform pg_sleep(0.5);
    end loop;
end
$engagement$
    $job$%%6$s);

-- pg_cron adds a row a minute to cron.job_run_details for that job, and never removes it. This job
-- removes what is older than a day, at night. select cron.unschedule('engagement-clean-up') ends it.
select cron.schedule(
    'engagement-clean-up',
    '17 3 * * *',
    $job$
delete from cron.job_run_details as d
using cron.job as j
where j.jobname like 'engagement-catch-up-%%%%'
    and d.jobid = j.jobid
    and coalesce(d.end_time, d.start_time) < now() - interval '1 day'
    $job$);
$text$,
    t.zone,
    -- Names in comments: on one line.
    regexp_replace(coalesce(t.cron_database, current_database()), '[[:cntrl:]]', ' ', 'g'),
    t.cron_zone,
    case when d.is_elsewhere then 'schedule_in_database' else 'schedule' end,
    t.plan,
    case when d.is_elsewhere then format(',%%s    %%L', chr(10), current_database()) end,
    'engagement-recalculate-' || regexp_replace(current_database(), '[[:cntrl:]]', ' ', 'g'),
    'engagement-catch-up-' || regexp_replace(current_database(), '[[:cntrl:]]', ' ', 'g'))
from times as t
cross join lateral (
    select coalesce(t.cron_database <> current_database(), false) as is_elsewhere
) as d
