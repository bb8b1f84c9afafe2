-- How many work for the company of the variant large_company.
select count(*) from crm.employment where employer_id = 100
