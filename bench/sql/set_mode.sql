select engagement.set_parameter('TRIGGER_MODE', %(mode)s)
