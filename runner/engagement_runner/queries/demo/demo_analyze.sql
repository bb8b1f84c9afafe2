-- As after every bulk load: the planner's statistics, which autovacuum would gather a minute later. Of
-- the tables that the sample fills, and no other: an ordinary role may not analyze the catalogue.
analyze crm.customer, crm.employment, crm.product, crm.committee, crm.committee_member,
crm.sales_order, crm.order_line, crm.invoice, crm.invoice_line,
engagement.award, engagement.pending_activity, engagement.score_rule, engagement.app_parameter
