-- An attachment is found by the table that it is on, whatever the host calls that table now; it
-- knows who made it and what its routine was generated from.
-- (A table of some twenty rows: to index it anew takes no time.)
-- squawk-ignore ban-drop-constraint
alter table engagement.attached_table drop constraint attached_table_pkey;
-- squawk-ignore ban-drop-constraint
alter table engagement.attached_table drop constraint attached_table_id_key;
alter table engagement.attached_table
-- squawk-ignore constraint-missing-not-valid, adding-serial-primary-key-field
add constraint attached_table_pkey primary key (attachment_id);
alter table engagement.attached_table add column table_id oid;
alter table engagement.attached_table add column key_number integer;
alter table engagement.attached_table add column fingerprint text;
-- Who made an attachment is not known of those that are there. Those that the adapter makes again
-- become its own.
alter table engagement.attached_table add column made_by text not null default 'HAND';
alter table engagement.attached_table add constraint attached_table_made_by check (
    made_by in ('ADAPTER', 'PACKAGE', 'HAND')
) not valid;
comment on column engagement.attached_table.table_name is
    'The host''s table as it was called last, schema-qualified and quoted; a run, a deployment and '
    'a registration bring it up to date.';
comment on column engagement.attached_table.table_id is
    'OID of the table when it was looked at last. The table that carries the triggers of this '
    'attachment is the one; where none does, the one of that name; else the one of this OID.';
comment on column engagement.attached_table.key_number is
    'Number of the key column in the table, so that it is followed when it is renamed; NULL: the '
    'key is an expression, or the table was not looked at yet.';
comment on column engagement.attached_table.fingerprint is
    'MD5 of what the triggers'' routine was generated from: name, key and columns of the table, '
    'its partitions and inheritance children. A run that finds another generates the routine anew '
    'and compares the source as a whole. NULL: not generated since this column came.';
comment on column engagement.attached_table.made_by is
    'ADAPTER: by the file of the host adapter, whose deployment removes it when the file does not '
    'make it any more; PACKAGE: by the package itself; HAND: by a call outside of both.';
comment on column engagement.recalculation_run.failed_sources is
    'Sources that the run could not read, and attached tables (triggers of TABLE) whose triggers '
    'it could not bring up to date.';

update engagement.attached_table a
set table_id = pg_catalog.to_regclass(a.table_name)::oid,
    key_number = (
        select k.attnum
        from pg_catalog.pg_attribute as k
        where
            k.attrelid = pg_catalog.to_regclass(a.table_name) and k.attnum > 0
            and not k.attisdropped
            and pg_catalog.quote_ident(k.attname) = a.key_expression
    );
