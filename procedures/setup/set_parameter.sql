-- API. Sets an application parameter: checks the value, audits the change, makes it known to every
-- session's plans, and queues what depends on it for the next run. Definer, because only the owner
-- of engagement.parameter may rewrite that function. The function says which values are in force. A
-- value that somebody wrote into the table past this routine is not in force until it is set here.
-- Reads and writes: app_parameter, setup_change, pending_activity, pending_recheck, function
-- engagement.parameter.
-- Locks: the setup lock, until the end of the transaction. Raises: EG003, EG004.
create or replace function engagement.set_parameter(p_parameter_name text, p_value text)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_old engagement.app_parameter;
    v_bounds text[];
    v_is_valid boolean;
    v_floor text;
    v_cap text;
    v_in_force text;
begin
    perform engagement.lock_setup();
    select * into v_old from engagement.app_parameter p where p.parameter_name = p_parameter_name;
    if not found then
        raise exception 'unknown parameter'
            using errcode = 'EG003', detail = format('parameter %L', p_parameter_name),
                  hint = 'select parameter_name, description from engagement.app_parameter lists '
                         'them.';
    end if;
    v_bounds := regexp_match(v_old.value_type, '^integer ([0-9]+)[.][.]([0-9]+)$');
    v_is_valid := case
        when p_value is null then false
        when v_bounds is not null then
            case when p_value ~ '^[0-9]{1,6}$'
                 then p_value::integer between v_bounds[1]::integer and v_bounds[2]::integer
                 else false end
        when v_old.value_type = 'time zone' then
            -- AT TIME ZONE reads CET and the like as abbreviations without daylight-saving time.
            exists (select from pg_timezone_names z where z.name = p_value)
            and (p_value in ('UTC', 'GMT')
                 or not exists (select from pg_timezone_abbrevs a where a.abbrev = p_value))
        when v_old.value_type = 'number or NONE' then
            p_value = 'NONE' or p_value ~ '^-?[0-9]{1,12}([.][0-9]{1,6})?$'
        when v_old.value_type = 'locale' then
            p_value ~ '^[a-z]{2,3}(_[A-Z][a-z]{3})?(_([A-Z]{2}|[0-9]{3}))?$'
        else p_value = any (string_to_array(v_old.value_type, '|'))
    end;
    if v_is_valid and p_parameter_name in ('SCORE_FLOOR', 'TOTAL_CAP') then
        v_floor := case p_parameter_name when 'SCORE_FLOOR' then p_value
                   else engagement.parameter('SCORE_FLOOR') end;
        v_cap := case p_parameter_name when 'TOTAL_CAP' then p_value
                 else engagement.parameter('TOTAL_CAP') end;
        if nullif(v_floor, 'NONE')::numeric > nullif(v_cap, 'NONE')::numeric then
            raise exception 'SCORE_FLOOR would be above TOTAL_CAP'
                using errcode = 'EG004',
                      detail = format('SCORE_FLOOR %s, TOTAL_CAP %s', v_floor, v_cap),
                      hint = 'Set the other one first, or NONE.';
        end if;
    end if;
    if not v_is_valid then
        raise exception 'value does not fit the parameter'
            using errcode = 'EG004',
                  detail = format('parameter %s, value %L', p_parameter_name, p_value),
                  hint = format('It takes %s.', case v_old.value_type
                      when 'time zone' then 'a Region/City name of pg_timezone_names, or UTC'
                      when 'locale' then 'a language, a script and a country, such as en, de_CH '
                                         'or zh_Hant_TW'
                      else v_old.value_type end);
    end if;
    v_in_force := engagement.parameter(p_parameter_name);
    if p_value = v_old.parameter_value and p_value = v_in_force then
        return;
    end if;
    update engagement.app_parameter p
    set parameter_value = p_value
    where p.parameter_name = p_parameter_name;
    insert into engagement.setup_change (
        changed_at, changed_by, object_type, object_name, old_value, new_value
    )
    values (
        clock_timestamp(), session_user, 'PARAMETER', p_parameter_name,
        to_jsonb(case when p_value = v_old.parameter_value then v_in_force
                      else v_old.parameter_value end),
        to_jsonb(p_value)
    );
    if p_value = v_in_force then
        return;  -- only the table had another value
    end if;
    perform engagement.publish_parameters(p_parameter_name);
    -- Stored awards depend on these parameters. Totals depend on all but three, see below.
    if p_parameter_name in ('SCORE_DECIMALS', 'TIME_ZONE', 'MULTIPLE_CONCURRENT_EMPLOYERS',
                            'CALCULATE_ENGAGEMENT_SCORE_POINTS') then
        insert into engagement.pending_activity (source)
        select s.source from engagement.activity_source s where s.detached_at is null;
    end if;
    if p_parameter_name = 'CALCULATE_ENGAGEMENT_SCORE_POINTS' and p_value = 'Y' then
        -- An open transaction has not been captured, and the next run may not see it yet.
        insert into engagement.pending_recheck (source)
        select s.source from engagement.activity_source s
        where s.detached_at is null;
    end if;
    if p_parameter_name not in ('TRIGGER_MODE', 'IMMEDIATE_ROW_LIMIT', 'RAISED_RECENTLY_DAYS',
                                'LOCALE') then
        insert into engagement.pending_activity (source) values ('customer');
    end if;
end
$$;
comment on function engagement.set_parameter(text, text) is
    'Checks, sets and audits an application parameter; the next run re-derives what depends on it. '
    'Raises EG003 for an unknown name, EG004 for a value of the wrong type.';
