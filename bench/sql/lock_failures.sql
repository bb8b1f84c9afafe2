-- Orders whose awards a trigger has left to the queue because a lock took over 50 ms.
select count(*)::double precision from engagement.scoring_failure where sqlstate_code = '55P03'
