-- API. Adds or changes a social community score by hand. Definer, so that the same checks apply to
-- everybody.
-- Writes: social_score. Raises: EG001, EG004, EG006, EG012.
create or replace function engagement.set_social_score(
    p_customer_id engagement.host_key,
    p_social_type text,
    p_social_subtype text default '',
    p_source_system text default 'MANUAL',
    p_changes jsonb default '{}',
    p_is_new boolean default false
)
returns engagement.social_score
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_row engagement.social_score;
    v_system text := btrim(p_source_system);
    v_type text := btrim(p_social_type);
    v_subtype text := coalesce(btrim(p_social_subtype), '');
    v_what text := format('customer %s, system %L, type %L, subtype %L', p_customer_id,
                          p_source_system, p_social_type, p_social_subtype);
    v_unknown text;
begin
    perform engagement.check_customer(p_customer_id);
    if coalesce(v_type, '') = '' or coalesce(v_system, '') = '' then
        raise exception 'a social score needs a type and a system'
            using errcode = 'EG004', detail = v_what,
                  hint = 'The type says what was done, e.g. BLOG. The system says who counted it.';
    elsif greatest(length(v_type), length(v_subtype), length(v_system)) > 100 then
        raise exception 'type, subtype or system is too long'
            using errcode = 'EG004', detail = v_what, hint = 'Use at most 100 characters each.';
    end if;
    select string_agg(k, ', ') into v_unknown
    from jsonb_object_keys(case when jsonb_typeof(p_changes) = 'object' then p_changes
                                else '{"(not an object)": 0}' end) k
    where k not in ('score', 'description', 'comments', 'scored_at', 'ends_at');
    if v_unknown is not null or p_changes is null then
        raise exception 'unknown key in the changes of a social score'
            using errcode = 'EG004', detail = format('%s: key %s', v_what, v_unknown),
                  hint = 'Use score, description, comments, scored_at, ends_at.';
    end if;
    select s.* into v_row
    from engagement.social_score s
    where s.customer_id = p_customer_id and s.source_system = v_system
          and s.social_type = v_type and s.social_subtype = v_subtype
    for update;
    if not found and p_is_new is not true then
        raise exception 'unknown social score'
            using errcode = 'EG012', detail = v_what,
                  hint = 'select * from engagement.social_score lists them.';
    end if;
    begin
        v_row := jsonb_populate_record(v_row, p_changes);
    exception when data_exception then
        raise exception 'value does not fit the social score'
            using errcode = 'EG004', detail = format('%s: %s', v_what, sqlerrm),
                  hint = 'The score is a number, instants are ISO 8601.';
    end;
    v_row.scored_at := coalesce(v_row.scored_at, clock_timestamp());
    v_row.ends_at := nullif(v_row.ends_at, 'infinity');
    if v_row.score is null or v_row.score in ('NaN', 'Infinity', '-Infinity') then
        raise exception 'score is not a finite number'
            using errcode = 'EG004',
                  detail = format('%s: score %s', v_what, coalesce(v_row.score::text, 'NULL')),
                  hint = 'Use a finite number.';
    end if;
    perform engagement.check_instant(v_row.scored_at);
    if v_row.ends_at <= v_row.scored_at then
        raise exception 'range ends before it begins'
            using errcode = 'EG004',
                  detail = format('%s: scored at %s, ends at %s', v_what, v_row.scored_at,
                                  v_row.ends_at),
                  hint = 'ends_at must be later than scored_at.';
    end if;
    if p_is_new then
        insert into engagement.social_score as s (
            customer_id, source_system, social_type, social_subtype, score, description, comments,
            scored_at, ends_at
        )
        values (
            p_customer_id, v_system, v_type, v_subtype, v_row.score,
            coalesce(v_row.description, ''), coalesce(v_row.comments, ''), v_row.scored_at,
            v_row.ends_at
        )
        on conflict (customer_id, source_system, social_type, social_subtype) do nothing
        returning s.* into v_row;
        if not found then
            raise exception 'the social score already exists'
                using errcode = 'EG012', detail = v_what, hint = 'Change it instead.';
        end if;
    else
        update engagement.social_score s
        set score = v_row.score, description = coalesce(v_row.description, ''),
            comments = coalesce(v_row.comments, ''), scored_at = v_row.scored_at,
            ends_at = v_row.ends_at
        where s.source_id = v_row.source_id and s.customer_id = p_customer_id
        returning s.* into v_row;
    end if;
    return v_row;
end
$$;
comment on function engagement.set_social_score(
    engagement.host_key, text, text, text, jsonb, boolean
) is
    'Adds a social community score (p_is_new) or changes one. p_changes holds score, description, '
    'comments, scored_at (NULL: now), ends_at; omitted keys stay as they are. Returns the row. '
    'Raises EG001 (customer), EG004 (bad value), EG012 (unknown; p_is_new: exists).';
