-- Generates the routines of the totals, before anything is granted on them.
select engagement.generate_totals();
