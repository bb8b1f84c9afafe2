-- Serves: a header that stops being an order finds the awards of its lines; a run finds them even
-- when the trigger has voided them already.
create index if not exists award_document on engagement.award (document_id)
where document_id is not null;
