-- Routines of the package's files as the deployer left them; generated ones are compared apart.
select routine_name, identity_args, fingerprint, path
from engagement_meta.deployed_routine
where position('__' in routine_name) = 0
