select engagement.export_rules()::text
