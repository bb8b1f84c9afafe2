-- How many scores the COPY of this transaction has made, changed, and found as they are.
select current_setting('engagement.upload_counts')
