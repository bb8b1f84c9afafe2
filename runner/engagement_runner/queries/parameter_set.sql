select engagement.set_parameter(%(name)s, %(value)s)
