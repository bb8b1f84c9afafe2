-- Serves: the reversals of a customer whose row in the host changed.
create index if not exists reversal_customer on engagement.reversal (customer_id);
