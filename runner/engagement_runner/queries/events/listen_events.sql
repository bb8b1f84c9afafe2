-- The session is told of new events from now on.
listen engagement_score_event
