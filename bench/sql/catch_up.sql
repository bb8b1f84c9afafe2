call engagement.catch_up()
