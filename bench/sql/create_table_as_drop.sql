drop table if exists bench.total;
