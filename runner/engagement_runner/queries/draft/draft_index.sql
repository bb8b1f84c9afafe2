create index concurrently on {table} ({key});
