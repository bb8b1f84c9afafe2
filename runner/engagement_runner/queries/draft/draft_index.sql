create index {how}on {table} ({key});
