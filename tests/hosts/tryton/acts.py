"""What people do in Tryton, through its own models (proteus, in process). See ../worker.py.

Dates are ISO text. Records are named by their ids.
"""

import datetime as dt
from decimal import Decimal

from proteus import Model, Wizard
from proteus import config as proteus_config
from trytond.modules.account.tests.tools import create_chart, create_fiscalyear, get_accounts
from trytond.modules.account_invoice.tests.tools import (
    create_payment_term,
    set_fiscalyear_invoice_sequences,
)
from trytond.modules.company.tests.tools import create_company
from trytond.modules.currency.tests.tools import get_currency
from trytond.pool import Pool
from trytond.transaction import Transaction

TODAY = dt.date.today()


def open(database):
    """Load the product's models; every warning of its is answered with yes.

    How to connect is in the file that TRYTOND_CONFIG names.
    """
    global DATABASE
    DATABASE = database
    proteus_config.set_trytond(database).skip_warning = True


def date(text):
    return text and dt.date.fromisoformat(text)


def record(model, key):
    return Model.get(model)(key)


def first(model, *domain):
    return Model.get(model).find(list(domain), limit=1)[0]


# -- what every organisation sets up first -------------------------------------------------------


def furnish():
    """Company, chart of accounts, this year and last, one product of each kind, relation types."""
    own = Model.get("party.party")(name="Institute")
    own.save()
    create_company(own, get_currency("USD"))
    create_chart()
    for year in (TODAY.year - 1, TODAY.year):
        fiscalyear = create_fiscalyear(today=(dt.date(year, 1, 1), dt.date(year, 12, 31)))
        set_fiscalyear_invoice_sequences(fiscalyear).click("create_period")
    accounts = get_accounts()
    Model.get("account.invoice.payment.method")(
        name="Cash",
        journal=first("account.journal", ("type", "=", "cash")),
        credit_account=accounts["cash"],
        debit_account=accounts["cash"],
    ).save()
    create_payment_term().save()
    get_currency("EUR").save()

    new_category = Model.get("product.category")
    accounting = new_category(name="Standard", accounting=True)
    accounting.account_expense = accounts["expense"]
    accounting.account_revenue = accounts["revenue"]
    accounting.save()
    for name, price in (("Event", 450), ("Book", 80), ("Membership", 120)):
        category = new_category(name=name)
        category.save()
        template = Model.get("product.template")(name=name, type="service", salable=True)
        template.default_uom = first("product.uom", ("name", "=", "Unit"))
        template.list_price = Decimal(price)
        template.account_category = accounting
        template.categories.append(category)
        template.save()
    yearly = Model.get("sale.subscription.recurrence.rule.set")(name="Yearly")
    yearly.rules[0].freq = "yearly"
    yearly.rules[0].interval = 1
    yearly.save()
    Model.get("sale.subscription.service")(
        product=product("Membership"), consumption_recurrence=yearly
    ).save()

    new_type = Model.get("party.relation.type")
    employee, employer = new_type(name="Employee of"), new_type(name="Employer of")
    employee.save()
    employer.save()
    employee.reverse, employer.reverse = employer, employee
    employee.save()
    employer.save()
    new_committee = Model.get("party.category")
    committee = new_committee(name="Committee")
    committee.save()
    new_committee(name="Board", parent=committee).save()
    new_committee(name="Newsletter").save()


def product(name):
    return first("product.product", ("name", "=", name))


def template(name):
    return first("product.template", ("name", "=", name)).id


def class_of(name):
    return first("product.category", ("name", "=", name), ("accounting", "=", False)).id


def categorize(name, category):
    """Put a product into one more category."""
    found = record("product.template", template(name))
    found.categories.append(record("product.category", class_of(category)))
    found.save()


def recategorize(name, category):
    """Put a product into this category and no other."""
    found = record("product.template", template(name))
    while found.categories:
        found.categories.pop()
    found.categories.append(record("product.category", class_of(category)))
    found.save()


# -- parties -------------------------------------------------------------------------------------


def party(name):
    made = Model.get("party.party")(name=name)
    made.save()
    return made.id


def employ(person, company, start=None, end=None, on_companys_form=False):
    """Enter an employment on the form of the person, or of the company."""
    at, to, kind = person, company, "Employee of"
    if on_companys_form:
        at, to, kind = company, person, "Employer of"
    form = record("party.party", at)
    form.relations.new(
        type=first("party.relation.type", ("name", "=", kind)),
        to=record("party.party", to),
        start_date=date(start),
        end_date=date(end),
    )
    form.save()
    return form.relations[-1].id


def end_employment(relation, end):
    found = record("party.relation.all", relation)
    found.end_date = date(end)
    found.save()


def delete_relation(relation):
    record("party.relation.all", relation).delete()


def rename_relation_type(name, to):
    found = first("party.relation.type", ("name", "=", name))
    found.name = to
    found.save()


def party_category(name):
    return first("party.category", ("name", "=", name)).id


def join(person, category):
    found = record("party.party", person)
    found.categories.append(first("party.category", ("name", "=", category)))
    found.save()


def leave(person, category):
    found = record("party.party", person)
    found.categories.pop([c.name for c in found.categories].index(category))
    found.save()


def abolish(category):
    """Delete a category of parties; its seats go with it."""
    first("party.category", ("name", "=", category)).delete()


def move_category(name, parent):
    """Put a category of parties below another one, or at the top."""
    found = first("party.category", ("name", "=", name))
    found.parent = first("party.category", ("name", "=", parent)) if parent else None
    found.save()


def merge(source, destination):
    wizard = Wizard("party.replace", [record("party.party", source)])
    wizard.form.source = record("party.party", source)
    wizard.form.destination = record("party.party", destination)
    wizard.execute("replace")


def deactivate(person):
    found = record("party.party", person)
    found.active = False
    found.save()


def erase(person):
    wizard = Wizard("party.erase", [record("party.party", person)])
    wizard.form.party = record("party.party", person)
    wizard.execute("erase")


# -- sales ---------------------------------------------------------------------------------------


def sale(party, lines, on=None, shipment_party=None, currency=None):
    """Save a draft: lines are pairs of product and quantity, or a text for a comment."""
    made = Model.get("sale.sale")(party=record("party.party", party))
    made.invoice_method = "order"
    made.sale_date = date(on)
    if shipment_party:
        made.shipment_party = record("party.party", shipment_party)
    if currency:
        made.currency = get_currency(currency)
    for line in lines:
        if isinstance(line, str):
            made.lines.new(type="comment", description=line)
        else:
            new = made.lines.new()
            new.product = product(line[0])
            new.quantity = float(line[1])
            if currency:
                new.unit_price = Decimal(100)
    made.save()
    return made.id


def click_sale(sale, *buttons):
    found = record("sale.sale", sale)
    for button in buttons:
        found.click(button)
    return found.state


def quote(sale):
    return click_sale(sale, "quote")


def confirm(sale):
    return click_sale(sale, "confirm")


def cancel_sale(sale):
    return click_sale(sale, "cancel")


def draft_sale(sale):
    return click_sale(sale, "draft")


def sell(**keywords):
    """Draft, quotation, confirmed and processed, each in a transaction of its own."""
    made = sale(**keywords)
    click_sale(made, "quote", "confirm")
    return made


def delete_sale(sale):
    record("sale.sale", sale).delete()


def set_quantity(sale, position, quantity):
    found = record("sale.sale", sale)
    found.lines[position].quantity = float(quantity)
    found.save()


def add_line(sale, name, quantity):
    found = record("sale.sale", sale)
    line = found.lines.new()
    line.product = product(name)
    line.quantity = float(quantity)
    found.save()


def remove_line(sale, position):
    found = record("sale.sale", sale)
    found.lines.remove(found.lines[position])
    found.save()


def set_description(sale, text):
    found = record("sale.sale", sale)
    found.description = text
    found.save()


def give_back(sale):
    """The wizard "return": a draft of the same lines, negative."""
    wizard = Wizard("sale.return_sale", [record("sale.sale", sale)])
    wizard.execute("return_")
    return first("sale.sale", ("origin", "=", f"sale.sale,{sale}")).id


# -- invoices ------------------------------------------------------------------------------------


def invoice_of(sale):
    return [invoice.id for invoice in record("sale.sale", sale).invoices][-1]


def invoice(party, lines, on=None, type="out", currency=None):
    """Save a draft of an invoice without a sale."""
    made = Model.get("account.invoice")(type=type)
    made.party = record("party.party", party)
    made.invoice_date = date(on)
    if currency:
        made.currency = get_currency(currency)
    accounts = get_accounts()
    for name, quantity, price in lines:
        line = made.lines.new()
        line.product = product(name)
        line.account = accounts["revenue" if type == "out" else "expense"]
        line.quantity = float(quantity)
        line.unit_price = Decimal(price)
    made.save()
    return made.id


def set_invoice_date(invoice, on):
    found = record("account.invoice", invoice)
    found.invoice_date = date(on)
    found.save()


def click_invoice(invoice, *buttons):
    found = record("account.invoice", invoice)
    for button in buttons:
        found.click(button)
    return found.state


def validate(invoice):
    return click_invoice(invoice, "validate_invoice")


def post(invoice):
    return click_invoice(invoice, "post")


def cancel_invoice(invoice):
    return click_invoice(invoice, "cancel")


def delete_invoice(invoice):
    record("account.invoice", invoice).delete()


def pay(invoice):
    found = record("account.invoice", invoice)
    wizard = found.click("pay")
    wizard.form.payment_method = first("account.invoice.payment.method")
    wizard.form.amount = found.amount_to_pay
    wizard.execute("choice")
    found.reload()
    return found.state


def credit(invoice, with_refund, on=None):
    """The wizard "credit": posted at once with refund, else a draft. Returns the credit note."""
    wizard = Wizard("account.invoice.credit", [record("account.invoice", invoice)])
    wizard.form.with_refund = with_refund
    wizard.form.invoice_date = date(on)
    wizard.execute("credit")
    return max(found.id for found in Model.get("account.invoice").find([]))


def remove_invoice_line(invoice, position):
    found = record("account.invoice", invoice)
    found.lines.remove(found.lines[position])
    found.save()


def set_invoice_line(invoice, position, **values):
    """Change quantity or unit_price, given as text, of a line of a draft."""
    found = record("account.invoice", invoice)
    for name, value in values.items():
        of_quantity = name == "quantity"
        setattr(found.lines[position], name, float(value) if of_quantity else Decimal(value))
    found.save()


def state_of_invoice(invoice):
    return record("account.invoice", invoice).state


def allow_cancelling_invoices():
    company = first("company.company")
    company.cancel_invoice_out = True
    company.save()


# -- subscriptions -------------------------------------------------------------------------------


def subscription(party, start, end=None):
    """Save a draft of a membership."""
    yearly = first("sale.subscription.recurrence.rule.set")
    made = Model.get("sale.subscription")(party=record("party.party", party))
    made.start_date = made.invoice_start_date = date(start)
    made.end_date = date(end)
    made.invoice_recurrence = yearly
    line = made.lines.new()
    line.service = first("sale.subscription.service")
    line.quantity = 1
    made.save()
    return made.id


def click_subscription(subscription, buttons):
    found = record("sale.subscription", subscription)
    for button in buttons:
        found.click(button)
    return found.state


def set_subscription_end(subscription, end):
    found = record("sale.subscription", subscription)
    found.lines[0].end_date = date(end)
    found.save()


def bill_subscriptions(on):
    """Make the invoices that are due. Returns the last one."""
    consume = Wizard("sale.subscription.line.consumption.create")
    consume.form.date = date(on)
    consume.execute("create_")
    bill = Wizard("sale.subscription.create_invoice")
    bill.form.date = date(on)
    bill.execute("create_")
    return max(found.id for found in Model.get("account.invoice").find([]))


# -- two transactions at once --------------------------------------------------------------------

_open = {}


def begin(lock_sales=()):
    """Begin a transaction of Tryton's own that :func:`commit` ends. Returns its isolation level.

    It locks these sales first, without waiting, as Tryton does before it processes them.
    """
    locks = {"sale_sale": set(lock_sales)} if lock_sales else {}
    context = {"company": 1, "_skip_warnings": True}
    _open["manager"] = Transaction().start(DATABASE, 1, context=context, _lock_records=locks)
    _open["manager"].__enter__()
    cursor = Transaction().connection.cursor()
    cursor.execute("select current_setting('transaction_isolation')")
    return cursor.fetchone()[0]


def in_transaction(model, ids, method, arguments=()):
    """Call a method of a model on records, in the transaction that was begun."""
    found = Pool().get(model)
    getattr(found, method)(found.browse(ids), *arguments)


def commit():
    Transaction().commit()
    _open.pop("manager").__exit__(None, None, None)
