-- What staff call a band.
select coalesce(nullif(b.label, ''), b.band_code)
from engagement.score_band as b
where b.band_code = %(band_code)s
