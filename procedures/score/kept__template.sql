-- Internal. Template: capped__template with what faded_points wants to know of inactivity.
--
-- Where points fade with inactivity, an award carries when its customer was active in its category
-- (see last_active_at): each earned award with the 27 days after it. So all awards of such a
-- category have to be in hand (capping_or_fading_rules).
-- Reads: what stands in the place of the view, category.
create or replace function engagement.kept__template()
returns setof record
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
select
    s.customer_id, s.source, s.source_id, s.rule_id, s.document_id, s.employer_id, s.subject_id,
    s.subject_class, s.quantity, s.amount, s.points, s.capped_points, s.effective_at, s.expires_at,
    s.recorded_at, s.voided_at, s.void_reason, s.category_code, s.rule_code, s.half_life_weeks,
    nullif(coalesce(s.inactivity_steps, g.inactivity_steps), '{}') as inactivity_steps, a.active_in
from engagement.capped__template() s
left join engagement.category g on g.category_code = s.category_code
left join (
    select w.customer_id, w.category_code,
           range_agg(tstzrange(w.effective_at, w.effective_at + interval '648 hours')) as active_in
    from engagement.capping_in_hand__template w
    where w.points > 0 and not engagement.is_by_hand(w.engagement_type)
          and w.category_code in (
              select i.category_code from engagement.category i where i.inactivity_steps <> '{}'
              union all
              select h.category_code
              from engagement.capping_in_hand__template h
              where h.inactivity_steps <> '{}')
    group by w.customer_id, w.category_code
) a on a.customer_id = s.customer_id and a.category_code = s.category_code
$$;
comment on function engagement.kept__template() is
    'Internal: template: the awards in hand with capped_points, the points that the caps of their '
    'rules leave, and what faded_points wants to know.';
