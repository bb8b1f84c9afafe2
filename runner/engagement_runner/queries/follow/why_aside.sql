-- Why engagement.catch_up stepped aside: scoring is switched off, a run is under way or unfinished,
-- or another session is at the queue.
select
    case
        when engagement.get_parameter('CALCULATE_ENGAGEMENT_SCORE_POINTS') = 'N' then 'OFF'
        when
            exists (
                select from engagement.recalculation_run as r where r.run_status = 'RUNNING'
            ) then 'RUN'
        else 'OTHER'
    end
