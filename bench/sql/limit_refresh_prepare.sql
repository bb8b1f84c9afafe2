create table if not exists bench.refreshed (
    customer_id bigint primary key,
    score numeric,
    ytd_score numeric,
    overview_score numeric
);
