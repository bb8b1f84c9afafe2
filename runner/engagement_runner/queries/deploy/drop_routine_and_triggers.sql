-- The signature as regprocedure writes it; the triggers that call it go with it.
drop routine {signature} cascade
