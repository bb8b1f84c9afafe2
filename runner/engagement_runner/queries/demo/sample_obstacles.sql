-- Tables of the reference host that have rows: the sample association expects them to be empty.
select concat_ws(
    ', ',
    case when exists (select from crm.customer) then 'crm.customer' end,
    case when exists (select from crm.product) then 'crm.product' end,
    case when exists (select from crm.sales_order) then 'crm.sales_order' end,
    case when exists (select from crm.order_line) then 'crm.order_line' end,
    case when exists (select from crm.invoice) then 'crm.invoice' end,
    case when exists (select from crm.invoice_line) then 'crm.invoice_line' end,
    case when exists (select from crm.committee) then 'crm.committee' end,
    case when exists (select from crm.committee_member) then 'crm.committee_member' end,
    case when exists (select from crm.employment) then 'crm.employment' end
)
