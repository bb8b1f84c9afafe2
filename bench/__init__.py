"""The benchmark: what scoring costs the order entry, and how long the weekly job takes."""
