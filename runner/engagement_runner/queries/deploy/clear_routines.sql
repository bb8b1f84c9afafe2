-- Make room for the routines of this deployment.
delete from engagement_meta.deployed_routine
