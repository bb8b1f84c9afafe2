-- The transaction that has just begun may write nothing.
set transaction read only
