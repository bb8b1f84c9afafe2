-- Why engagement.catch_up stepped aside: scoring is switched off, a run is under way, there has
-- been no run yet, or another session is at the queue. PASSED: it was one of these, and no longer is.
select
    case
        when engagement.get_parameter('CALCULATE_ENGAGEMENT_SCORE_POINTS') = 'N' then 'OFF'
        when
            exists (
                select from engagement.recalculation_run as r where r.run_status = 'RUNNING'
            ) then 'RUN'
        when
            not exists (
                select
                from engagement.recalculation_run as r
                where r.run_status = 'COMPLETED' and r.run_mode <> 'ROLL_UP'
            ) then 'FIRST'
        when
            exists (
                select
                from pg_catalog.pg_locks as l
                inner join pg_catalog.pg_database as d on l.database = d.oid
                where
                    d.datname = pg_catalog.current_database()
                    and l.locktype = 'advisory'
                    and l.classid = %(lock_class)s::oid
                    and l.objid = %(lock_key)s::oid
                    and l.objsubid = 2
                    and l.granted
            ) then 'OTHER'
        else 'PASSED'
    end
