-- Serves: the reversals of a document that is gone or was un-posted.
create index if not exists reversal_document on engagement.reversal (document_id);
