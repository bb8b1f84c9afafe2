-- API. The roll-up of employees' points to companies, without the rest of a run: it sums every
-- employer. Commits, see recalculate.
-- Raises: EG004, EG006, EG009, 2D000.
create or replace procedure engagement.roll_up_employers(p_as_of timestamptz default null)
language plpgsql
as $$
begin
    perform engagement.check_instant(p_as_of);
    if engagement.is_switched_off() then
        return;
    end if;
    call engagement.check_commits();
    call engagement.drive_run('ROLL_UP', p_as_of);
end
$$;
comment on procedure engagement.roll_up_employers(timestamptz) is
    'Sums the employees'' points of every company as of p_as_of (NULL: now). recalculate does this '
    'too. Commits in batches. Raises EG006 (no host), EG009 (a run is under way).';
