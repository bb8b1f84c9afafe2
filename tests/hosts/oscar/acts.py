"""What people do in a shop, by Oscar's own code. See ../worker.py.

Dates are ISO text. Products, categories and types of events are named by their names, everything
else by its id.
"""

import datetime as dt
from decimal import Decimal

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db import connection  # noqa: E402
from oscar.apps.basket.models import Basket  # noqa: E402
from oscar.apps.catalogue.categories import create_from_breadcrumbs  # noqa: E402
from oscar.apps.catalogue.models import Category, Product, ProductClass  # noqa: E402
from oscar.apps.checkout.calculators import OrderTotalCalculator  # noqa: E402
from oscar.apps.offer.applicator import Applicator  # noqa: E402
from oscar.apps.offer.models import Benefit, Condition, ConditionalOffer, Range  # noqa: E402
from oscar.apps.order.models import Order, PaymentEventType, ShippingEventType  # noqa: E402
from oscar.apps.order.processing import EventHandler  # noqa: E402
from oscar.apps.order.utils import OrderCreator  # noqa: E402
from oscar.apps.partner.models import Partner  # noqa: E402
from oscar.apps.partner.strategy import UK  # noqa: E402
from oscar.apps.payment.models import Source, SourceType  # noqa: E402
from oscar.apps.shipping.methods import Free  # noqa: E402
from oscar.apps.voucher.models import Voucher  # noqa: E402


def open(database):
    """Work in this database from now on."""
    connection.close()
    connection.settings_dict["NAME"] = database


def leave():
    """Let go of the database, so that it can be copied or dropped."""
    connection.close()


# -- the catalogue -------------------------------------------------------------------------------


def furnish():
    """A catalogue, a voucher of half the price, and the sandbox's types of events."""
    for name in ("Shipped", "Cancelled", "Returned"):
        ShippingEventType.objects.create(name=name)
    for name in ("Pre-authorised", "Settled", "Refunded"):
        PaymentEventType.objects.create(name=name)
    SourceType.objects.create(name="Card")
    for name in ("Events", "Books > Fiction", "Memberships", "Offers"):
        create_from_breadcrumbs(name)
    kind = ProductClass.objects.create(name="Anything", track_stock=False)
    for title, price, category in (
        ("Novel", 80, "Fiction"),
        ("Membership", 120, "Memberships"),
        ("Congress", None, "Events"),
    ):
        made = Product(title=title, product_class=kind)
        made.structure = Product.STANDALONE if price else Product.PARENT
        made.save()
        categorize(title, category)
        if price:
            sell_at(made, price)
    for title in ("Congress, hall", "Congress, stream"):
        variant = Product(title=title, structure=Product.CHILD, parent=product("Congress"))
        variant.save()
        sell_at(variant, 450)

    everything = Range.objects.create(name="Everything", includes_all_products=True)
    offer = ConditionalOffer.objects.create(
        name="Half",
        offer_type=ConditionalOffer.VOUCHER,
        condition=Condition.objects.create(range=everything, type=Condition.COUNT, value=1),
        benefit=Benefit.objects.create(range=everything, type=Benefit.PERCENTAGE, value=50),
    )
    now = dt.datetime.now(dt.UTC)
    voucher = Voucher.objects.create(
        name="Half", code="HALF", usage=Voucher.MULTI_USE,
        start_datetime=now - dt.timedelta(days=1), end_datetime=now + dt.timedelta(days=365),
    )  # fmt: skip
    voucher.offers.add(offer)


def product(title):
    return Product.objects.get(title=title)


def sell_at(product, price, currency="GBP"):
    """Stock it for a price without tax."""
    partner, _ = Partner.objects.get_or_create(name="Publisher")
    product.stockrecords.all().delete()
    product.stockrecords.create(
        partner=partner, partner_sku=product.title, price=Decimal(price), price_currency=currency
    )


def price(title, price, currency):
    sell_at(product(title), price, currency)


def category(name):
    return Category.objects.get(name=name)


def class_of(name):
    return category(name).pk


def categorize(title, category):
    """Put a product into one more category."""
    product(title).categories.add(Category.objects.get(name=category))


def recategorize(title, category):
    """Put a product into this category and no other."""
    product(title).categories.set([Category.objects.get(name=category)])


def move_category(name, below):
    """Move a category, with all below it, below another one."""
    Category.objects.move(category(name), category(below), pos="first-child")


def move_variant(title, parent):
    moved = product(title)
    moved.parent = product(parent)
    moved.save()


def make_parent(title):
    made = Product(title=title, structure=Product.PARENT, product_class=ProductClass.objects.get())
    made.save()
    return made.pk


def rename_product(title, to):
    edited = product(title)
    edited.title = to
    edited.save()


def delete_product(title):
    product(title).delete()


# -- users ---------------------------------------------------------------------------------------


def user(name):
    return User.objects.create_user(name, f"{name}@example.org", "x", first_name=name).pk


def log_in(user):
    """What a log-in writes."""
    User.objects.filter(pk=user).update(last_login=dt.datetime.now(dt.UTC))


def delete_user(user):
    User.objects.get(pk=user).delete()


# -- orders --------------------------------------------------------------------------------------


def order(user, lines, on, voucher=None):
    """Place an order of pairs of product and quantity; user None: a guest's. Returns its id."""
    basket = Basket.objects.create()
    basket.strategy = UK()
    for title, quantity in lines:
        basket.add_product(product(title), quantity)
    if voucher:
        basket.vouchers.add(Voucher.objects.get(code=voucher))
    customer = User.objects.get(pk=user) if user else None
    Applicator().apply(basket, customer)
    shipping_charge = Free().calculate(basket)
    placed = OrderCreator().place_order(
        basket=basket,
        total=OrderTotalCalculator().calculate(basket, shipping_charge),
        shipping_method=Free(),
        shipping_charge=shipping_charge,
        user=customer,
        guest_email="" if customer else "guest@example.org",
        date_placed=dt.datetime.fromisoformat(on),
    )
    basket.submit()
    return placed.pk


def line(order, position):
    return Order.objects.get(pk=order).lines.all()[position]


def set_order_status(order, status):
    EventHandler().handle_order_status_change(Order.objects.get(pk=order), status)


def set_line_status(order, position, status):
    line(order, position).set_status(status)


def set_quantity(order, position, quantity):
    """Edit a line as the administration does: all columns are saved, the price as it was."""
    edited = line(order, position)
    edited.quantity = quantity
    edited.save()


def give_order(order, user):
    """Staff give a guest's order to a user."""
    given = Order.objects.get(pk=order)
    given.user_id = user
    given.save()


def delete_order(order):
    Order.objects.get(pk=order).delete()


def some_of(order, quantities):
    """Lines and quantities without those of no piece, which Oscar takes for all of the line."""
    pairs = zip(order.lines.all(), quantities, strict=True)
    return zip(*((line, quantity) for line, quantity in pairs if quantity), strict=True)


def ship(order, type, quantities):
    """A shipping event of so many pieces of each line."""
    found = Order.objects.get(pk=order)
    kind = ShippingEventType.objects.get(name=type)
    return EventHandler().handle_shipping_event(found, kind, *some_of(found, quantities)).pk


def delete_shipping_event(order, event):
    Order.objects.get(pk=order).shipping_events.get(pk=event).delete()


def pay(order, type, quantities=None):
    """A payment event of so many pieces of each line, or of the order as a whole."""
    found = Order.objects.get(pk=order)
    kind = PaymentEventType.objects.get(name=type)
    lines = some_of(found, quantities) if quantities else ()
    EventHandler().handle_payment_event(found, kind, found.total_incl_tax, *lines)


def recode_payment_event_type(name, code):
    kind = PaymentEventType.objects.get(name=name)
    kind.code = code
    kind.save()


def debit(order):
    """Debit the order's total, as a checkout does."""
    found = Order.objects.get(pk=order)
    source = Source(order=found, source_type=SourceType.objects.get(name="Card"))
    source.allocate(found.total_incl_tax)
    source.debit()


def refund(order, amount):
    """Give money back; of what, Oscar is not told."""
    Source.objects.get(order=order).refund(Decimal(amount))
