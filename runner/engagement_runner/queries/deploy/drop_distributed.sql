-- Drops the tables that a cluster has on its nodes, and what is built on them.
drop table engagement.award, engagement.customer_score, engagement.category_score,
engagement.score_rule, engagement.category, engagement.app_parameter cascade
