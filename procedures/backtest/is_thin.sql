-- Internal. Whether so few outcomes have points of a part, or another score, that no interval is to
-- be trusted: if the points said nothing, fewer than ten of the rarer kind would be among them.
-- Then all of them are often of one kind by chance, and DeLong's error is far too small. What is
-- expected decides, not what is found: else chance would choose.
create or replace function engagement.is_thin(p_count bigint, p_rate numeric)
returns boolean
language sql
immutable
parallel safe
return round(p_count * least(p_rate, 1 - p_rate), 6) < 10;
comment on function engagement.is_thin(bigint, numeric) is
    'Internal: whether p_count outcomes are too few for an interval, where the share p_rate of all '
    'happened.';
