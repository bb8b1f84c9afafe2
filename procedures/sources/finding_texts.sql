-- Internal. What profile_source says about each thing that it counts: a problem or a hint, what to
-- do about it, and the statement that shows the rows (%s: the view). The hint of place 12 depends
-- on the rules, so profile_source writes it.
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
    (12, 'hint', 'no active rule matches', null, null),
    (13, 'hint', 'subject is not in engagement_host.subject',
     'The subject''s id is shown instead of a name. The example is a subject.',
     'select v.subject_id from %s v except select s.subject_id from '
     'engagement_host.subject s;'),
    (14, 'hint', 'the view has no rows',
     'If the host has such rows, the conditions of the view exclude them all.',
     null);
end
$$;
comment on function engagement.finding_texts() is
    'Internal: the words of the findings of profile_source, by place.';
