-- Internal. Audits changes of bands, which are set up by plain INSERT, UPDATE and DELETE: who made
-- the change, when, and what it was. Definer, because only the package writes the audit.
-- Writes: setup_change, pending_activity.
create or replace function engagement.audit_band()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform engagement.check_category(new.category_code);
    if new is distinct from old then
        insert into engagement.setup_change (
            changed_at, changed_by, object_type, object_name, old_value, new_value
        )
        values (clock_timestamp(), session_user, 'BAND', coalesce(new.band_code, old.band_code),
                to_jsonb(old), to_jsonb(new));
        if new.category_code is distinct from old.category_code then
            -- With the first band of a category, its points of employees are stored.
            insert into engagement.pending_activity (source) values ('customer');
        end if;
    end if;
    return null;
end
$$;
comment on function engagement.audit_band() is
    'Internal: trigger of score_band: appends every change to setup_change.';

create or replace trigger score_band_audit
after insert or update or delete on engagement.score_band
for each row execute function engagement.audit_band();
comment on trigger score_band_audit on engagement.score_band is
    'Appends every change to setup_change.';
