select setting::double precision from pg_settings where name = 'work_mem'
