-- Why engagement.catch_up stepped aside: scoring is switched off, a run is under way, there has
-- been no run yet, or another session is at the queue.
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
        else 'OTHER'
    end
