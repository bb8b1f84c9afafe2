-- Takes the activities that are scored off the work of a run.
delete from engagement.recalculation_key
