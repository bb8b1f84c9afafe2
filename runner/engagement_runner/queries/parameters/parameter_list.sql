select row_to_json(p)::text
from (
    select parameter_name, parameter_value, default_value, value_type, description
    from engagement.app_parameter
    order by parameter_name
) as p
