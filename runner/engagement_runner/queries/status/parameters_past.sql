-- Parameters whose value in the table differs from the one in force: somebody wrote to the table.
select
    p.parameter_name,
    p.parameter_value,
    engagement.parameter(p.parameter_name) as value_in_force
from engagement.app_parameter as p
where p.parameter_value is distinct from engagement.parameter(p.parameter_name)
order by p.parameter_name
