-- Note that no host adapter is applied any more.
delete from engagement_meta.applied_file
where kind = 'host'
