-- A procedure of the engine.
call engagement.{routine}({arguments})
