-- Note where a file lies now that was applied from another place, as it is.
with moved_routine as (
    update engagement_meta.deployed_routine
    set path = %(path)s
    where path = %(was)s
)

update engagement_meta.applied_file
set path = %(path)s, kind = %(kind)s
where path = %(was)s
