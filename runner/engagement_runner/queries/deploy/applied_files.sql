-- Files of the package that this database has.
select path, kind, checksum
from engagement_meta.applied_file
