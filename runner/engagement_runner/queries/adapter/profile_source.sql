-- What the rows of a source's view are like.
select
    p.profile::text as profile,
    p.findings::text as findings
from engagement.profile_source(p_source => %(source)s, p_sample_count => %(sample_count)s) as p
