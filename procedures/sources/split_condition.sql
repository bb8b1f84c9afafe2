-- Internal. Splits a condition from EXPLAIN at a separator outside parentheses and quotes.
-- Parentheses around the whole condition are removed first.
create or replace function engagement.split_condition(p_condition text, p_separator text)
returns text[]
language plpgsql
immutable strict
set search_path = pg_catalog, pg_temp
as $$
declare
    v_text text := btrim(p_condition);
    v_parts text[];
    v_from integer;
    v_depth integer;
    v_quote text;
    v_char text;
    v_closes_at integer;  -- where the first parenthesis closes
begin
    loop
        v_parts := '{}';
        v_from := 1;
        v_depth := 0;
        v_quote := null;
        v_closes_at := null;
        for v_at in 1 .. length(v_text) loop
            v_char := substr(v_text, v_at, 1);
            if v_quote is not null then
                if v_char = v_quote then
                    v_quote := null;
                end if;
            elsif v_char in ('''', '"') then
                v_quote := v_char;
            elsif v_char = '(' then
                v_depth := v_depth + 1;
            elsif v_char = ')' then
                v_depth := v_depth - 1;
                if v_depth = 0 and v_closes_at is null then
                    v_closes_at := v_at;
                end if;
            elsif v_depth = 0 and v_at >= v_from
                  and substr(v_text, v_at, length(p_separator)) = p_separator then
                v_parts := v_parts || substr(v_text, v_from, v_at - v_from);
                v_from := v_at + length(p_separator);
            end if;
        end loop;
        exit when v_closes_at is distinct from length(v_text) or v_text not like '(%';
        v_text := substr(v_text, 2, length(v_text) - 2);
    end loop;
    return v_parts || substr(v_text, v_from);
end
$$;
comment on function engagement.split_condition(text, text) is
    'Internal: the parts of a condition between separators outside parentheses and quotes.';
