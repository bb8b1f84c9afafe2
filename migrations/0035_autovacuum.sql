-- The queue is emptied with each run or batch: vacuumed by a fixed number of dead rows, its table
-- shrinks back. The ledger grows for years: a fifth of it, the default, is too late.
alter table engagement.pending_activity set (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000
);
alter table engagement.award set (
    autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02,
    autovacuum_analyze_scale_factor = 0.02
);
