drop index concurrently engagement.award_customer;
