-- Note that a file is no longer applied.
delete from engagement_meta.applied_file
where path = %(path)s
