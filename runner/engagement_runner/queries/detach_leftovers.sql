-- Take the triggers away that the adapter made once and no longer makes.
call engagement.detach_leftovers()
