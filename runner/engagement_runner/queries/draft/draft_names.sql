select
    {engagement_type}::text as engagement_type,
    {subject_id} as subject_id,
    {subject_class} as subject_class,
    {display_name} as display_name
