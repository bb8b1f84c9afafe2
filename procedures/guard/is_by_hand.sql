-- Internal. THE definition of what is no activity of a customer: points that staff give or take.
-- Inlined by the planner: keep it one expression.
create or replace function engagement.is_by_hand(p_engagement_type text)
returns boolean
language sql
immutable
parallel safe
return p_engagement_type in ('ADJUSTMENT', 'CATEGORY_ADJUSTMENT');
comment on function engagement.is_by_hand(text) is
    'Internal: whether awards of this engagement type are adjustments, which nobody earns.';
