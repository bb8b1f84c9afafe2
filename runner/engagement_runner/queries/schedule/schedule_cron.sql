-- A file for /etc/cron.d, as text. CRON_TZ is known to cronie, not to Debian's cron.
select format(
    $text$# cron: the weekly recalculation, Saturday 05:30 in %%1$s.
# Where: /etc/cron.d/engagement-recalculate on a machine that reaches the database, if its cron
# knows CRON_TZ, as cronie does (Red Hat, SUSE, Arch). The cron of Debian and Ubuntu does not: there
# 05:30 is in the zone of the server: write the time in that one, or use --print systemd.
#
# The connection is the service [engagement] of /etc/pg-engagement/pg_service.conf:
%%2$s
# A password, if it needs one, belongs in /etc/pg-engagement/pgpass (host:port:database:user:
# password, mode 0600, owned by the account below), and in no other file.
# Print this anew when TIME_ZONE has changed.
CRON_TZ=%%1$s
PGSERVICEFILE=/etc/pg-engagement/pg_service.conf
PGPASSFILE=/etc/pg-engagement/pgpass
PGSERVICE=engagement
# The second job keeps scores current to a minute between the weekly runs. Leave it out where weekly
# scores are enough. cron cannot do it by the second: --print systemd can.
# minute hour day month weekday account command; any account that may read the two files above
30 5 * * 6 postgres %%3$s recalculate
* * * * * postgres %%3$s follow --once >/dev/null
$text$,
    engagement.get_parameter('TIME_ZONE'),
    %(service)s::text,
    -- %% begins a new line there.
    replace(%(shell_program)s::text, '%%', '\%%'))
