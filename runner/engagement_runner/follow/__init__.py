"""The worker that keeps scores current: it calls engagement.catch_up again and again."""
