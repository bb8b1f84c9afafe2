select set_config('synchronous_commit', %(durability)s, false)
