-- Parameters of which the table has another value than is in force: somebody wrote into it.
select
    p.parameter_name,
    p.parameter_value,
    engagement.parameter(p.parameter_name) as value_in_force
from engagement.app_parameter as p
where p.parameter_value is distinct from engagement.parameter(p.parameter_name)
order by p.parameter_name
