-- Routines as the deployer left them.
select routine_name, identity_args, fingerprint, path
from engagement_meta.deployed_routine
