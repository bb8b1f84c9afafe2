-- The one value of a function of the engine.
select engagement.{routine}({arguments})
