select count(*)::double precision from bench.queue
