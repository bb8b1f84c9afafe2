-- Whether customers are divided into bands.
select exists (select 1 from engagement.score_band)
