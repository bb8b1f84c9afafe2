-- Takes triggers and adapter views off the host.
call engagement.detach_host()
