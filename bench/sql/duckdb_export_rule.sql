copy (
    select subject_id, subject_class, flat_score, quantity_score, amount_score, valid_for_weeks
    from bench.rule
) to stdout (format csv)
