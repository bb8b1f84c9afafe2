-- The signature as regprocedure writes it.
drop routine {signature}
