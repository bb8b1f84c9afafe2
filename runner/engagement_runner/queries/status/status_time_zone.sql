-- Instants are shown in the organisation's time zone for the rest of the session, even if the
-- routines are missing.
select set_config('TimeZone', parameter_value, false)
from engagement.app_parameter
where parameter_name = 'TIME_ZONE'
