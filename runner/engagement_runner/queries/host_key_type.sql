-- The type that the keys of a source's tables have on the host; NULL where they do not say.
select engagement.host_key_type(p_source => %(source)s)
