select row_to_json(v)::text from engagement.verify() as v
