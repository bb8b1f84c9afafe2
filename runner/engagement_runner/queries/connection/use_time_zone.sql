-- Instants are read and shown in the organisation's time zone for the rest of the session.
select set_config('TimeZone', engagement.get_parameter('TIME_ZONE'), false)
