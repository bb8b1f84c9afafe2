-- Serves: a header that stops being an order finds the awards of its lines.
create index if not exists award_document on engagement.award (document_id)
where voided_at is null and document_id is not null;
