-- Internal. Checks that a customer is known or that the package holds any row of theirs. Inputs
-- that have earned nothing count, too: a rejected upload, an adjustment that no run has seen. So
-- does a merge.
-- Reads: social_score, score_adjustment, social_upload, score_event, customer_merge, and what
-- check_customer reads.
-- Raises: EG001, EG006.
create or replace function engagement.check_person_known(p_customer_id engagement.host_key)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    perform engagement.check_attached();
    if not exists (select from engagement.social_score s where s.customer_id = p_customer_id)
       and not exists (select from engagement.score_adjustment a
                       where a.customer_id = p_customer_id)
       and not exists (select from engagement.score_event e where e.customer_id = p_customer_id)
       and not exists (select from engagement.customer_merge m
                       where p_customer_id in (m.from_id, m.into_id))
       and not exists (select from engagement.social_upload u
                       where engagement.try_key(btrim(u.customer_id)) = p_customer_id) then
        perform engagement.check_customer(p_customer_id);
    end if;
end
$$;
comment on function engagement.check_person_known(engagement.host_key) is
    'Internal: raises EG001 for a customer that neither the host nor the ledger knows and that has '
    'no input, no event and no merge, EG006 without a host.';
