call engagement.attach_triggers(
    p_source => {source},
    p_table => {table},
    p_key_column => {key_column},
    p_activity_column => {activity_column});
