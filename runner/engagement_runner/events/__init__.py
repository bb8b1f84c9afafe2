"""The events of the outbox, handed to the program that reads stdout."""
