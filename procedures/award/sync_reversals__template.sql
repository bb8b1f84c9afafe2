-- Internal. Template: notes what the view shows of some reversals, and sums what is taken from each
-- activity that they take back or took back. The awards are compared afterwards. What the view no
-- longer shows is kept, marked: a run still has to find whose score it changed.
-- Definer, because the host's role has no right here.
-- Reads: the view. Writes: reversal, reversed_activity.
create or replace function engagement.sync_reversals__template(p_ids engagement.host_key[])
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set row_security = on
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set jit = off
as $$
declare
    v_seen engagement.reversal[];
    v_targets engagement.host_key[];
begin
    with reversal_in_hand as (
        select v.*
        from unnest(p_ids) k (key)
        cross join lateral (
            select v.* from engagement.activity__template v
            where v.source_id = k.key and v.reverses_id is not null
            offset 0
        ) v
    )
    select array_agg(row('template', s.source_id, s.reverses_id, s.document_id, s.customer_id,
                         s.subject_id, s.quantity, s.amount, true)::engagement.reversal)
    into v_seen
    from engagement.seen_reversals__template() s;
    v_targets := array(
        select r.reverses_id
        from unnest(p_ids) k (key)
        cross join lateral (
            select r.reverses_id from engagement.reversal r
            where r.source = 'template' and r.source_id = k.key
            offset 0
        ) r
    );
    if v_seen is null and v_targets = '{}' then
        return;
    end if;
    update engagement.reversal r
    set is_shown = false
    where r.source = 'template' and r.source_id = any (p_ids) and r.is_shown
          and not exists (select from unnest(v_seen) s
                          where s.source_id = r.source_id and s.reverses_id = r.reverses_id);
    insert into engagement.reversal as r
    select s.* from unnest(v_seen) s
    on conflict (source, source_id, reverses_id) do update
    set document_id = excluded.document_id, customer_id = excluded.customer_id,
        subject_id = excluded.subject_id, quantity = excluded.quantity,
        amount = excluded.amount, is_shown = true
    where r is distinct from excluded;
    perform engagement.sum_reversals(
        'template', v_targets || array(select s.reverses_id from unnest(v_seen) s));
end
$$;
comment on function engagement.sync_reversals__template(engagement.host_key[]) is
    'Internal: template: brings the tables reversal and reversed_activity into line with these '
    'rows of the view.';
