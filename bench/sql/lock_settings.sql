-- From now on the server's log tells each wait for a lock of 50 ms and more.
do $$
begin
    execute format('alter database %I set deadlock_timeout = %L', current_database(), '50ms');
    execute format('alter database %I set log_lock_waits = on', current_database());
end
$$;
