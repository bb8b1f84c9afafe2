-- A systemd service and its timer, and the follower as a service of its own, as text. systemd knows zones, and makes up for a run that was
-- missed while the machine was off.
select format(
    $text$# systemd: the weekly recalculation, Saturday 05:30 in %%1$s.
# Where: three files on a machine that reaches the database. Then, as root:
#   systemctl daemon-reload
#   systemctl enable --now engagement-recalculate.timer engagement-follow.service
# The third keeps scores current between the weekly runs: engagement follow. Leave it out where
# weekly scores are enough. One machine is enough for it: a second one would step aside.
#   journalctl -u engagement-follow   shows a line a minute
#
# The connection is the service [engagement] of /etc/pg-engagement/pg_service.conf:
%%2$s
# A password, if it needs one, belongs in /etc/pg-engagement/pgpass (host:port:database:user:
# password, mode 0600, owned by the account below), and in no other file.
# Print this anew when TIME_ZONE has changed.

# ---- /etc/systemd/system/engagement-recalculate.service
[Unit]
Description=Weekly recalculation of engagement scores
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
# Any account that may read the two files above.
User=postgres
Environment=PGSERVICEFILE=/etc/pg-engagement/pg_service.conf
Environment=PGPASSFILE=/etc/pg-engagement/pgpass
Environment=PGSERVICE=engagement
ExecStart=%%3$s recalculate

# ---- /etc/systemd/system/engagement-recalculate.timer
[Unit]
Description=Weekly recalculation of engagement scores

[Timer]
OnCalendar=Sat *-*-* 05:30:00 %%1$s
Persistent=true

[Install]
WantedBy=timers.target

# ---- /etc/systemd/system/engagement-follow.service
[Unit]
Description=Keeps engagement scores current
Wants=network-online.target
After=network-online.target

[Service]
Type=simple
User=postgres
Environment=PGSERVICEFILE=/etc/pg-engagement/pg_service.conf
Environment=PGPASSFILE=/etc/pg-engagement/pgpass
Environment=PGSERVICE=engagement
ExecStart=%%3$s follow
# It waits for a server that is away by itself. It ends when trying again mends nothing, such as a
# wrong password or a database without the package.
Restart=always
RestartSec=30

[Install]
WantedBy=multi-user.target
$text$,
    engagement.get_parameter('TIME_ZONE'),
    %(service)s::text,
    case
        when %(program)s::text ~ '^[A-Za-z0-9_./+-]+$' then %(program)s::text
        -- %% begins a specifier there.
        else '"' || replace(regexp_replace(%(program)s::text, '(["\\])', '\\\1', 'g'), '%%', '%%%%')
            || '"'
    end)
