call engagement.recalculate(p_mode => %(mode)s, p_as_of => %(as_of)s::timestamptz)
