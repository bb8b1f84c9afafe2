-- Events that a consumer has been given and has not acknowledged yet.
alter table engagement.score_event add column held_until timestamptz;
comment on column engagement.score_event.held_until is
    'Until then the event is kept for the consumer that engagement.hold_events gave it to; NULL or '
    'past: whoever asks next gets it.';
