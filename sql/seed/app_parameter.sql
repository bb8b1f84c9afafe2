-- The application parameters. A deployment keeps the values and updates the texts.
insert into engagement.app_parameter (parameter_name, parameter_value, value_type, default_value,
                                      description)
select
    v.parameter_name,
    v.default_value,
    v.value_type,
    v.default_value,
    v.description
from (
    values
    ('CALCULATE_ENGAGEMENT_SCORE_POINTS', 'Y|N', 'Y',
     'N switches scoring off: triggers, refresh and runs return with a notice, scores stay. The '
     'first run after Y is FULL.'),
    ('CALCULATE_EMPLOYER_ENGAGEMENT_SCORE', 'Y|N', 'Y', 'N: companies have no employee score.'),
    ('ROLLUP_EMPLOYEES_TO_EMPLOYER', 'Y|N', 'Y',
     'N: employees'' points are not added to their company.'),
    ('MULTIPLE_CONCURRENT_EMPLOYERS', 'Y|N', 'N',
     'Y: the employer chosen on a document gets its points, where the person has or had that job.'),
    ('EMPLOYER_ATTRIBUTION', 'AT_ACTIVITY|CURRENT', 'AT_ACTIVITY',
     'AT_ACTIVITY: points go to the employer at the time of the activity; CURRENT: to the present '
     'one.'),
    ('YTD_START_MONTH', 'integer 1..12', '1',
     'Month whose first day begins the year of the year-to-date columns.'),
    ('OVERVIEW_YEARS', 'integer 0..50', '3',
     'The overview columns go back to 1 January of this year less so many years.'),
    ('SCORE_DECIMALS', 'integer 0..6', '2',
     'Decimal places to which points are rounded, half to even, when awarded.'),
    ('SCORE_FLOOR', 'number or NONE', 'NONE',
     'No score is shown below this; 0: a score is never negative, though the ledger may be.'),
    ('TOTAL_CAP', 'number or NONE', 'NONE', 'No score is shown above this.'),
    ('TIME_ZONE', 'time zone', 'UTC',
     'The organisation''s zone: days, weeks, months and years are counted in it.'),
    ('LOCALE', 'locale', 'en',
     'How the pages of engagement report write numbers and dates: a language, a country if it '
     'matters, such as en, en_GB or de_CH.'),
    ('RAISED_RECENTLY_DAYS', 'integer 1..3660', '30',
     'How many days back "raised recently" looks.'),
    ('TRIGGER_MODE', 'DEFERRED|IMMEDIATE', 'DEFERRED',
     'DEFERRED: triggers only queue, and engagement follow or the weekly job does the rest. '
     'IMMEDIATE: awards are in the ledger when the host commits.'),
    ('IMMEDIATE_ROW_LIMIT', 'integer 0..100000', '300',
     'A statement that changes more rows than this, or rows of more activities, is only queued: '
     'IMMEDIATE leaves it to engagement follow or the next run.')
) v (parameter_name, value_type, default_value, description)
on conflict (parameter_name) do update
set value_type = excluded.value_type,
    default_value = excluded.default_value,
    description = excluded.description
where (app_parameter.value_type, app_parameter.default_value, app_parameter.description)
      is distinct from (excluded.value_type, excluded.default_value, excluded.description);

select engagement.publish_parameters();
