-- Note a routine as it is after this deployment.
insert into engagement_meta.deployed_routine (routine_name, identity_args, fingerprint, path)
values (%(routine_name)s, %(identity_args)s, %(fingerprint)s, %(path)s)
