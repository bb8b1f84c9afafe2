-- Whether an adapter has made the three views that every host has.
select engagement.check_required_views()
