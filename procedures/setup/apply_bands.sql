-- API. Adds the bands of a file of rules, unless the organisation has bands of its own: of the
-- total, or of the category that a band of the file names.
-- Reads: category. Reads and writes: score_band. Raises: EG004, EG005, EG010.
create or replace function engagement.apply_bands(p_bands jsonb)
returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_band jsonb;
    v_had text[] := array(select coalesce(b.category_code, '') from engagement.score_band b);
    v_count integer := 0;
    v_is_left_out boolean := false;
begin
    if jsonb_typeof(p_bands) is distinct from 'array' then
        raise exception 'bands are not a list'
            using errcode = 'EG010', detail = coalesce(left(p_bands::text, 200), 'NULL'),
                  hint = 'Pass an array of objects with columns of engagement.score_band.';
    end if;
    for v_band in select e.value from jsonb_array_elements(p_bands) e (value) loop
        if jsonb_typeof(v_band) <> 'object' or exists (
            select from jsonb_object_keys(
                case jsonb_typeof(v_band) when 'object' then v_band else '{}' end) k (key)
            where k.key not in ('band_code', 'label', 'from_score', 'from_percentile',
                                'category_code')
        ) then
            raise exception 'unknown key in a band'
                using errcode = 'EG010', detail = left(v_band::text, 200),
                      hint = 'Use band_code, label, from_score or from_percentile, and '
                             'category_code.';
        end if;
        perform engagement.check_category(v_band ->> 'category_code');
        if coalesce(v_band ->> 'category_code', '') = any (v_had) then
            v_is_left_out := v_is_left_out or not exists (
                select from engagement.score_band b where to_jsonb(b) @> v_band);
            continue;
        end if;
        begin
            insert into engagement.score_band (
                band_code, label, from_score, from_percentile, category_code
            )
            select n.band_code, coalesce(n.label, ''), n.from_score, n.from_percentile,
                   n.category_code
            from jsonb_populate_record(null::engagement.score_band, v_band) n;
        exception when data_exception or integrity_constraint_violation then
            raise exception 'value does not fit the band'
                using errcode = 'EG004', detail = format('band %L: %s', v_band ->> 'band_code',
                                                         sqlerrm),
                      hint = 'A band has a code of capital letters, and either from_score or '
                             'from_percentile (0 to 99).';
        end;
        v_count := v_count + 1;
    end loop;
    return case when v_count > 0 or not v_is_left_out then v_count end;
end
$$;
comment on function engagement.apply_bands(jsonb) is
    'Adds the bands of a JSON array (band_code, label, from_score or from_percentile, '
    'category_code) and returns how many. Where the total, or the category, has bands already, '
    'none is added; NULL: for that reason bands are left out that are not there. Raises EG004 for '
    'a value that does not fit, EG005 for an unknown category, EG010 for another key.';
