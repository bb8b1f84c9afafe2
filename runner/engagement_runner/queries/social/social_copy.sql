-- Rows of uploadfile.rows; the trigger of social_upload takes the good ones on.
copy engagement.social_upload (
    line_number, customer_id, social_type, social_subtype, score, description, comments,
    source_system, scored_at, ends_at, rejected_reason
) from stdin
