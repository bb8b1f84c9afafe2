-- The sample ends last midnight, so that a day's demonstrations all begin with the same people.
select set_config(
    'crm.sample_until', (date_trunc('day', now() at time zone 'UTC') at time zone 'UTC')::text, false)
