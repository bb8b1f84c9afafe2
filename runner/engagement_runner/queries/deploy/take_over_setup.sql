-- Gives the trial's own package what staff have decided and entered in the package in use. Parameters
-- take the values in force. Scoring is on, whatever is in force there.
do $$
declare
    v_table text;
    v_columns text;
begin
    perform engagement.set_parameter(
        p_parameter_name => p.parameter_name,
        p_value => engagement_in_use.parameter(p.parameter_name))
    from engagement.app_parameter as p
    where p.parameter_name <> 'CALCULATE_ENGAGEMENT_SCORE_POINTS';
    foreach v_table in array array[
        'category', 'engagement_type', 'score_rule', 'score_band', 'social_score',
        'score_adjustment', 'customer_merge', 'merged_input'
    ] loop
        select string_agg(quote_ident(a.attname), ', ' order by a.attnum) into v_columns
        from pg_catalog.pg_attribute as a
        where a.attrelid = ('engagement.' || v_table)::regclass
              and a.attnum > 0 and not a.attisdropped and a.attgenerated = '';
        execute format('delete from engagement.%I', v_table);
        execute format(
            'insert into engagement.%1$I (%2$s) select %2$s from engagement_in_use.%1$I',
            v_table, v_columns);
    end loop;
end
$$
