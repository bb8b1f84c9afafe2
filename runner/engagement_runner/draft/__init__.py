"""Write a first host adapter from what the host's catalogue says of its tables.

Facts come from one query of the catalogue. Names, types and references are judged here, in Python,
for it must work where the package is not deployed yet, and on a standby. Every choice has a reason
that the adapter shows.
"""
