"""What people do in pretix, through its own services and models. See ../worker.py.

Products are named by their names, everything else by its id. No order has an e-mail address, so
pretix sends none.
"""

import datetime as dt
import os
from decimal import Decimal

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "pretix.settings"
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils.timezone import now  # noqa: E402
from django_scopes import scopes_disabled  # noqa: E402
from pretix.base.models import (  # noqa: E402
    CartPosition,
    Customer,
    Event,
    Invoice,
    Item,
    Membership,
    Order,
    OrderPosition,
    OrderRefund,
    Organizer,
)
from pretix.base.services import invoices, orders  # noqa: E402
from pretix.base.services.cart import CartManager  # noqa: E402

WHEN = dt.datetime(2030, 5, 1, 9, tzinfo=dt.UTC)


def open():
    """Acts need not say which organizer they are for: there is one."""
    global SCOPES
    SCOPES = scopes_disabled()
    SCOPES.__enter__()


def use(database):
    """Go on in another database."""
    connection.close()
    connection.settings_dict["NAME"] = database


def leave():
    """Let go of the database, so that it can be copied."""
    connection.close()


def migrate(to=None):
    """Bring the schema to the version of the program, or back to an earlier migration."""
    call_command("migrate", "pretixbase", *[to] if to else [], verbosity=0)


# -- what an organizer sets up first -------------------------------------------------------------


def found():
    """Three events and a membership; return the ids of what rules may name."""
    organizer = Organizer.objects.create(name="Institute", slug="institute")
    congress = new_event(organizer, '{"de": "Kongress", "en": "Congress"}', "congress")
    place = new_product(congress, "Place", 100, admission=True)
    new_product(congress, "Shirt", 20)
    new_product(congress, "Gift card", 50, issue_giftcard=True)
    new_product(congress, "Reviewed place", 100, admission=True, require_approval=True)
    extras = congress.categories.create(name="Extras", is_addon=True)
    place.addons.create(addon_category=extras, max_count=5)
    new_product(congress, "Dinner", 40, category=extras)
    member = organizer.membership_types.create(name="Member")
    new_product(
        congress,
        "Membership",
        60,
        grant_membership_type=member,
        grant_membership_duration_like_event=False,
        grant_membership_duration_days=365,
    )
    talks = new_event(organizer, "Talks", "talks", has_subevents=True)
    new_product(talks, "Seat", 30, admission=True)
    abroad = new_event(organizer, "Abroad", "abroad", currency="USD")
    new_product(abroad, "Ticket", 70, admission=True)
    return {"congress": congress.pk, "talks": talks.pk, "abroad": abroad.pk, "member": member.pk}


def new_event(organizer, name, slug, currency="EUR", has_subevents=False):
    made = Event.objects.create(
        organizer=organizer,
        name=name,
        slug=slug,
        currency=currency,
        has_subevents=has_subevents,
        date_from=WHEN,
        plugins="",
        live=True,
    )
    for number in range(2 if has_subevents else 0):
        made.subevents.create(name=f"Talk {number}", date_from=WHEN, active=True)
    return made


def new_product(event, name, price, **columns):
    made = event.items.create(name=name, default_price=Decimal(price), **columns)
    for subevent in list(event.subevents.all()) or [None]:
        event.quotas.create(name=name, size=None, subevent=subevent).items.add(made)
    return made


def add_event(slug):
    """One more event, with a product; return its id."""
    made = new_event(Organizer.objects.get(), slug, slug)
    new_product(made, f"Entry {slug}", 10, admission=True)
    return made.pk


def set_product(name, **values):
    found = Item.objects.get(name=name)
    for column, value in values.items():
        setattr(found, column, value)
    found.save()


def set_currency(event, currency):
    found = Event.objects.get(pk=event)
    found.currency = currency
    found.save()


def set_test_mode(event, on):
    found = Event.objects.get(pk=event)
    found.testmode = on
    found.save()


# -- accounts ------------------------------------------------------------------------------------


def account(name):
    """A customer's account; return its id."""
    return (
        Organizer.objects.get()
        .customers.create(name_parts={"_scheme": "full", "full_name": name})
        .pk
    )


def anonymize(customer):
    Customer.objects.get(pk=customer).anonymize()


# -- orders --------------------------------------------------------------------------------------


def order(products, customer=None, addons=(), subevent=None):
    """Put products into a cart and check out; add-ons go with the first one. Return the order."""
    items = [Item.objects.get(name=name) for name in products]
    event = items[0].event
    dates = list(event.subevents.all())
    cart = f"cart-{now().timestamp()}"
    channel = event.organizer.sales_channels.get(identifier="web")
    manager = CartManager(event, cart, channel)
    manager.add_new_items(
        [
            {
                "item": item.pk,
                "variation": None,
                "count": 1,
                "price": None,
                "subevent": dates[subevent].pk if subevent is not None else None,
            }
            for item in items
        ]
    )
    manager.commit()
    if addons:
        first = CartPosition.objects.filter(cart_id=cart).order_by("pk").first()
        manager = CartManager(event, cart, channel)
        manager.set_addons(
            [
                {"addon_to": first.pk, "item": Item.objects.get(name=name).pk, "variation": None}
                for name in addons
            ]
        )
        manager.commit()
    return orders._perform_order(
        event,
        payment_requests=[{"provider": "manual", "info_data": {}}],
        position_ids=list(CartPosition.objects.filter(cart_id=cart).values_list("pk", flat=True)),
        email=None,
        locale="en",
        address=None,
        customer=customer,
        cart_id=cart,
    )["order_id"]


def approve(order):
    orders.approve_order(Order.objects.get(pk=order), send_mail=False)


def give(order, customer):
    """Enter the account on the order's form."""
    found = Order.objects.get(pk=order)
    found.customer_id = customer
    found.save()


def pay(order):
    """The money arrives; return the order's state."""
    Order.objects.get(pk=order).payments.last().confirm()
    return Order.objects.get(pk=order).status


def refund(order, amount):
    """Pay money back, as staff do it by hand; return the order's state."""
    found = Order.objects.get(pk=order)
    found.refunds.create(
        payment=found.payments.last(),
        provider="manual",
        amount=Decimal(amount),
        state=OrderRefund.REFUND_STATE_CREATED,
        source=OrderRefund.REFUND_SOURCE_ADMIN,
    ).done()
    return Order.objects.get(pk=order).status


def cancel(order, fee=None):
    """Cancel an order, against a fee if there is one; return its state."""
    orders._cancel_order(order, cancellation_fee=fee)
    return Order.objects.get(pk=order).status


def reactivate(order):
    orders.reactivate_order(Order.objects.get(pk=order))


def expire(order):
    orders.mark_order_expired(Order.objects.get(pk=order))


def extend(order):
    orders.extend_order(Order.objects.get(pk=order), now() + dt.timedelta(days=14))


def position(order, product):
    return OrderPosition.objects.get(order_id=order, item__name=product)


def change(order, act, product, *arguments):
    """Change an order by the manager of changes; return the order that was split off, if any."""
    manager = orders.OrderChangeManager(Order.objects.get(pk=order), notify=False)
    getattr(manager, act)(position(order, product), *arguments)
    manager.commit()
    return manager.split_order and manager.split_order.pk


def cancel_position(order, product):
    change(order, "cancel", product)


def set_price(order, product, price):
    change(order, "change_price", product, Decimal(price))


def exchange(order, product, other):
    change(order, "change_item", product, Item.objects.get(name=other), None)


def split(order, product):
    return change(order, "split", product)


def move(order, product, subevent):
    """Change the date of a position of an event series."""
    dates = list(Order.objects.get(pk=order).event.subevents.all())
    change(order, "change_subevent", product, dates[subevent])


def add(order, product):
    manager = orders.OrderChangeManager(Order.objects.get(pk=order), notify=False)
    manager.add_position(Item.objects.get(name=product), None, None)
    manager.commit()


# -- invoices ------------------------------------------------------------------------------------


def invoice(order):
    """Issue an invoice; return its id."""
    return invoices.generate_invoice(Order.objects.get(pk=order), trigger_pdf=False).pk


def cancel_invoice(invoice):
    """Cancel an invoice; return its cancellation."""
    return invoices.generate_cancellation(Invoice.objects.get(pk=invoice), trigger_pdf=False).pk


def regenerate(invoice):
    """Write the lines of an invoice anew."""
    invoices.regenerate_invoice(Invoice.objects.get(pk=invoice))


# -- memberships ---------------------------------------------------------------------------------


def end_membership(customer):
    """Change the end of a membership to the instant before this one."""
    found = Membership.objects.get(customer_id=customer)
    found.date_end = now()
    found.save()


def enter_membership(customer, start, end):
    """Enter a membership by hand."""
    Membership.objects.create(
        customer_id=customer,
        membership_type=Organizer.objects.get().membership_types.get(),
        date_start=start,
        date_end=end,
    )
