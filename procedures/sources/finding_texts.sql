-- Internal. What profile_source says about each thing that it counts: a problem or a hint, what to
-- do about it, and the statement that shows the rows (%s: the view; %2$L: the engagement type). The
-- hint of place 12 depends on the rules, so profile_source writes it.
create or replace function engagement.finding_texts()
returns table (place integer, severity text, finding text, hint text, look text)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    values
    (1, 'problem', 'source_id is NULL',
     'These rows earn nothing: give them a key, or leave them out of the view.',
     'select * from %s v where v.source_id is null limit 20;'),
    (2, 'problem', 'source_id is not unique',
     'Of rows with one key and customer one earns; does a join multiply them?',
     'select v.source_id, count(*) from %s v group by v.source_id having count(*) > 1;'),
    (3, 'problem', 'customer_id is NULL',
     'These rows earn nothing: is there another person to give the points to?',
     'select * from %s v where v.customer_id is null limit 20;'),
    (4, 'problem', 'customer_id is not in engagement_host.customer',
     'No list shows their points: add these customers to the view customer, or leave the '
     'rows out. The example is a customer.',
     'select v.customer_id from %s v except select c.customer_id from '
     'engagement_host.customer c;'),
    (5, 'problem', 'occurred_at is NULL',
     'These rows earn nothing: is there another date to fall back on?',
     'select * from %s v where v.occurred_at is null limit 20;'),
    (6, 'problem', 'occurred_at is infinite or out of range',
     'These rows earn nothing and are listed in engagement.scoring_failure.',
     'select * from %s v where v.occurred_at is not null and not (v.occurred_at > '
     '''4000-01-01 BC'' and v.occurred_at < ''200000-01-01'') limit 20;'),
    (7, 'problem', 'ended_at is not after occurred_at',
     'These rows earn nothing: an inclusive end date D is the start of D + 1.',
     'select * from %s v where v.ended_at <= v.occurred_at limit 20;'),
    (8, 'problem', 'quantity is NaN, infinite or out of range',
     'These rows earn nothing and are listed in engagement.scoring_failure.',
     'select * from %s v where not (v.quantity > -1e1000 and v.quantity < 1e1000) '
     'limit 20;'),
    (9, 'problem', 'amount is NaN, infinite or out of range',
     'These rows earn nothing and are listed in engagement.scoring_failure.',
     'select * from %s v where not (v.amount > -1e1000 and v.amount < 1e1000) limit 20;'),
    (10, 'hint', 'quantity is NULL',
     'It counts as 0: a quantity score gives nothing for these rows.',
     'select * from %s v where v.quantity is null limit 20;'),
    (11, 'hint', 'amount is NULL',
     'It counts as 0: an amount score gives nothing for these rows.',
     'select * from %s v where v.amount is null limit 20;'),
    (12, 'hint', 'no active rule matches', null,
     'select v.subject_id, v.subject_class, count(*) from %s v group by 1, 2 order by 3 desc;'),
    (13, 'hint', 'subject is not in engagement_host.subject',
     'The subject''s id is shown instead of a name. The example is a subject.',
     'select v.subject_id from %1$s v except select s.subject_id from '
     'engagement_host.subject s where s.engagement_type = %2$L;'),
    (14, 'hint', 'the view has no rows',
     'If the host has such rows, the conditions of the view exclude them all.',
     'select pg_get_viewdef(%L::regclass, true);'),
    (15, 'problem', 'reverses_id names no row of the view',
     'No row takes anything back: reverses_id is a source_id of the same view, not the key of a '
     'document or of another table.',
     'select v.source_id, v.reverses_id from %s v where v.reverses_id is not null limit 20;'),
    (16, 'hint', 'reverses_id names a row that is not in the view',
     'These rows do nothing. That is right if the other row does not count (a draft, a cancelled '
     'sale). Otherwise the view has to show it.',
     'select * from %1$s v where v.reverses_id is not null and not exists (select from %1$s o '
     'where o.source_id = v.reverses_id) limit 20;'),
    (17, 'hint', 'more is taken back than there was',
     'What is too much is ignored. Do two rows take back the same, a return and its credit note '
     'say? The example is the row that is taken back.',
     'select v.reverses_id, sum(abs(v.quantity)), sum(abs(v.amount)) from %s v where '
     'v.reverses_id is not null group by v.reverses_id;'),
    (18, 'hint', 'a reversal has the sign of what it takes back',
     'It takes back all the same: quantity and amount count without their sign. If the row adds '
     'to the other one, show NULL as its reverses_id.',
     'select o.source_id, o.quantity, o.amount, v.source_id, v.quantity, v.amount from %1$s v '
     'join %1$s o on o.source_id = v.reverses_id limit 20;'),
    (19, 'problem', 'reverses_id goes round in a circle',
     'These rows do nothing: they name themselves, or each other. Name the row that each takes '
     'back, or NULL.',
     'select v.source_id, v.reverses_id from %1$s v join %1$s o on o.source_id = v.reverses_id '
     'where o.reverses_id is not null limit 20;'),
    (20, 'hint', 'quantity or amount is negative, and reverses_id is NULL',
     'It will score negative points, on its own date. Does the host know which row it takes '
     'back?',
     'select * from %s v where v.reverses_id is null and (v.quantity < 0 or v.amount < 0) '
     'limit 20;');
end
$$;
comment on function engagement.finding_texts() is
    'Internal: the words of the findings of profile_source, by place.';
