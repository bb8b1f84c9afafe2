select set_config('bench.' || %(name)s::text, %(value)s, false)
