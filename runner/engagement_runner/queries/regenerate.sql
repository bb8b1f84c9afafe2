-- Generate anew what registration generated, with the generators as they are now.
select engagement.regenerate()
