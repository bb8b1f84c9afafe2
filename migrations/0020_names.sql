-- Phases of a run are named after what they work through. A run that waits to be resumed goes on
-- where it was.
update engagement.recalculation_run
set phase = case phase
        when 'TAKE' then 'DEQUEUE'
        when 'WHOLE' then 'SOURCES'
        when 'AWARDS' then 'ACTIVITIES'
        when 'COLLECT' then 'CUSTOMERS'
    end
where phase in ('TAKE', 'WHOLE', 'AWARDS', 'COLLECT');
comment on column engagement.recalculation_run.phase is
    'PREPARE, DEQUEUE, SOURCES, ACTIVITIES, CUSTOMERS, TOTALS, RANK, BANDS, then DONE.';

-- live_awards returns capped_points where it returned points. A routine that returns something else
-- is a new one, and a view holds the old one.
-- squawk-ignore ban-drop-view
drop view if exists engagement.segment_potential_donors;
