select engagement.get_parameter(%(name)s)
