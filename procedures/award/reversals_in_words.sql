-- Internal. Says in words what was taken back from an activity. Pieces are named where pieces came
-- back, otherwise money.
create or replace function engagement.reversals_in_words(
    p_quantity numeric, p_amount numeric, p_reversals jsonb
)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_quantity numeric;
    v_amount numeric;
    v_documents text;
begin
    select sum(r.quantity), sum(r.amount),
           string_agg(distinct coalesce(r.document_id, r.source_id), ', ')
    into v_quantity, v_amount, v_documents
    from jsonb_to_recordset(p_reversals)
        r (quantity numeric, amount numeric, document_id text, source_id text);
    if v_documents is null then
        return '';
    end if;
    return case
        when v_quantity > 0 and p_quantity <> 0 then format(
            '; %s of %s kept, %s taken back by %s', trim_scale(p_quantity),
            trim_scale(p_quantity + sign(p_quantity) * v_quantity), trim_scale(v_quantity),
            v_documents)
        else format(
            '; amount %s of %s kept, %s taken back by %s', trim_scale(p_amount),
            trim_scale(p_amount + case when p_amount < 0 then -1 else 1 end * v_amount),
            trim_scale(v_amount), v_documents) end;
end
$$;
comment on function engagement.reversals_in_words(numeric, numeric, jsonb) is
    'Internal: what was taken back, e.g. "; 3 of 5 kept, 2 taken back by 17"; empty: nothing.';
