-- Nothing to return: raises EG006 without a host.
select engagement.check_attached()
