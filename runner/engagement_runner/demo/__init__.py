"""The sample association, and the demonstration that is played on it."""
