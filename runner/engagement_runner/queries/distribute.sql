-- Spread ledger and scores over the nodes of the cluster.
call engagement.distribute()
