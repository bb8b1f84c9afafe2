-- Note that no host adapter is applied any more, nor the package's sources that go with one.
delete from engagement_meta.applied_file
where kind in ('host', 'sources')
