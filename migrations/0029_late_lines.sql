-- Where a foreign key proves that a row just inserted into an attached table has no lines yet, the
-- table needs no trigger on INSERT.
alter table engagement.attached_table add column line_table text;
comment on column engagement.attached_table.line_table is
    'The host''s table of lines, schema-qualified and quoted, without whose rows no row of this '
    'table shows in the view; NULL: unknown, so an INSERT is captured.';
alter table engagement.attached_table add column line_key text;
comment on column engagement.attached_table.line_key is
    'The foreign key of line_table to this table. While it is valid, not deferrable and in force, '
    'a row that was just inserted has no lines, and an INSERT needs no trigger.';
