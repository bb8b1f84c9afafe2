"""Acts of an association's staff and members, done by Tendenci's own code in its own process.

Reads one JSON object a line, ``{"act": NAME, …arguments}``, and answers with one, ``{"result": …}``
or ``{"error": …}``. Runs in the product's virtual environment: nothing of the package or of the
tests is imported here. What an act does is what the product's view of that name does; where a view
can be called without much ado, it is called.
"""

import datetime as dt
import json
import os
import sys
import traceback
from decimal import Decimal
from types import SimpleNamespace
from unittest import mock

# The product prints what it likes; the answers have a channel of their own.
_answers = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)

import django  # noqa: E402

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.contrib.contenttypes.models import ContentType  # noqa: E402
from django.contrib.messages.storage.fallback import FallbackStorage  # noqa: E402
from django.core.cache import cache  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test import RequestFactory  # noqa: E402
from django.utils import timezone  # noqa: E402
from tendenci.apps.committees.models import Committee, Officer, Position  # noqa: E402
from tendenci.apps.corporate_memberships.models import (  # noqa: E402
    CorpMembership,
    CorpMembershipRep,
    CorporateMembershipType,
    CorpProfile,
)
from tendenci.apps.corporate_memberships.utils import corp_memb_inv_add  # noqa: E402
from tendenci.apps.donations.models import Donation  # noqa: E402
from tendenci.apps.donations.utils import donation_inv_add  # noqa: E402
from tendenci.apps.events.models import (  # noqa: E402
    Event,
    RegConfPricing,
    Registrant,
    Registration,
    RegistrationConfiguration,
)
from tendenci.apps.invoices.models import Invoice  # noqa: E402
from tendenci.apps.memberships.models import (  # noqa: E402
    MembershipDefault,
    MembershipSet,
    MembershipType,
)
from tendenci.apps.payments import models as payment_models  # noqa: E402
from tendenci.apps.payments.models import Payment  # noqa: E402
from tendenci.apps.profiles import views as profile_views  # noqa: E402
from tendenci.apps.profiles.models import Profile  # noqa: E402
from tendenci.apps.site_settings.models import Setting  # noqa: E402
from tendenci.apps.user_groups.models import Group  # noqa: E402

ACTS = {}


def act(function):
    """Make the function an act."""
    ACTS[function.__name__] = function
    return function


def admin():
    """Return the member of staff who does things."""
    return User.objects.get(username="admin")


def request(method="get", session=None, user=None, **data):
    """Return a request of a user, by default of that member of staff."""
    made = getattr(RequestFactory(), method)("/", data)
    made.user = user or admin()
    made.session = session if session is not None else {}
    made._messages = FallbackStorage(made)
    return made


def owned(thing):
    """Enter the creator and owner that every table of the product wants."""
    thing.creator = thing.owner = admin()
    thing.creator_username = thing.owner_username = "admin"
    return thing


def saved(thing):
    """Save it as staff; return its key."""
    owned(thing).save()
    return thing.pk


# -- the session ---------------------------------------------------------------------------------


@act
def use(database):
    """Work in this database from now on."""
    connection.close()
    connection.settings_dict["NAME"] = database
    ContentType.objects.clear_cache()
    cache.clear()


@act
def leave():
    """Let go of the database, so that it can be copied or dropped."""
    connection.close()


@act
def begin(isolation):
    """Begin a transaction."""
    transaction.set_autocommit(False)
    with connection.cursor() as cursor:
        cursor.execute(f"set transaction isolation level {isolation}")


@act
def commit():
    """Commit it."""
    transaction.commit()
    transaction.set_autocommit(True)


# -- what an association is founded with ---------------------------------------------------------


@act
def found():
    """Staff, types of membership, an event, a committee with two positions; the keys of them."""
    with connection.cursor() as cursor:
        # The product's own fixture gives keys without telling the sequence.
        cursor.execute("select setval(pg_get_serial_sequence('entities_entity', 'id'), 1000)")
    staff = User.objects.create_superuser("admin", "admin@example.org", "x")
    Profile.objects.create_profile(staff)
    group = Group(name="All", label="All", slug="all", email_recipient="x@example.org")
    saved(group)
    member = MembershipType(
        name="Member",
        price=Decimal(120),
        renewal_price=Decimal(100),
        group=group,
        period=1,
        period_unit="years",
        period_type="rolling",
        rolling_option="0",
        rolling_renew_option="0",
    )
    saved(member)
    corporate = CorporateMembershipType(
        name="Corporate",
        price=Decimal(1500),
        renewal_price=Decimal(1400),
        membership_type=member,
        apply_cap=False,
    )
    saved(corporate)
    committee = Committee(title="Standards", slug="standards", content="x", group=group)
    saved(committee)
    Committee.objects.filter(pk=committee.pk).update(create_dt="2020-01-01T00:00Z")
    now = timezone.now()
    event = Event(
        title="Annual meeting",
        description="x",
        start_dt=now + dt.timedelta(days=60),
        end_dt=now + dt.timedelta(days=61),
        registration_configuration=RegistrationConfiguration.objects.create(enabled=True),
    )
    saved(event)
    event.groups.add(group)
    RegConfPricing.objects.create(
        reg_conf=event.registration_configuration,
        title="Standard",
        price=Decimal(450),
        start_dt=now,
        end_dt=now + dt.timedelta(days=50),
    )
    return {
        "admin": staff.pk,
        "membership_type": member.pk,
        "corporate_type": corporate.pk,
        "event": event.pk,
        "committee": committee.pk,
        "chair": position("Chair"),
        "secretary": position("Secretary"),
    }


# -- people and companies ------------------------------------------------------------------------


@act
def person(name):
    """A user with a profile; there may be several of a name."""
    username = f"{name.lower()}{User.objects.count()}"
    user = User.objects.create_user(
        username, f"{username}@example.org", "x", first_name=name, last_name="Person"
    )
    Profile.objects.create_profile(user)
    return user.pk


@act
def company(name):
    """A corporate profile; there may be several of a name."""
    name = f"{name} {CorpProfile.objects.count()}"
    return saved(CorpProfile(name=name, address="1 Main Street"))


@act
def delete_company(company):
    """Delete a corporate profile, which hides it."""
    CorpProfile.objects.get(pk=company).delete()


@act
def log_in(user):
    """What a log-in writes."""
    User.objects.filter(pk=user).update(last_login=timezone.now())


@act
def edit_user(user, **changes):
    """Edit a user; the product saves all columns."""
    edited = User.objects.get(pk=user)
    for name, value in changes.items():
        setattr(edited, name, value)
    edited.save()
    edited.profile.save()


@act
def delete_user(user):
    """The page that deletes a user."""
    profile_views.delete(request("post"), user)


@act
def purge_user(user):
    """Delete the row, as the Django administration does."""
    User.objects.get(pk=user).delete()


@act
def merge_users(keep, merge):
    """The page that merges two users."""
    keys = Profile.objects.filter(user_id__in=[keep, merge]).values_list("pk", flat=True)
    session = {
        "1": {"users": [keep, merge]},
        "password_promt": {"value": True, "time": int(dt.datetime.now().timestamp())},
    }
    master = Profile.objects.get(user_id=keep).pk
    profile_views.merge_profiles(
        request("post", session, user_list=list(keys), master_record=master), "1"
    )
    assert not User.objects.filter(pk=merge).exists()


@act
def represent(user, company):
    """Make a user a representative of a company."""
    rep = CorpMembershipRep(user_id=user, corp_profile_id=company)
    rep.save()
    return rep.pk


@act
def stop_representing(rep):
    """Remove a representative."""
    CorpMembershipRep.objects.get(pk=rep).delete()


# -- memberships ---------------------------------------------------------------------------------


@act
def apply(user, membership_type, company=0, contract=None, count=1):
    """An application that waits for approval; the keys of its memberships and of its invoice."""
    memberships = [
        owned(
            MembershipDefault(
                user_id=user,
                membership_type_id=membership_type,
                status_detail="pending",
                corp_profile_id=company,
                corporate_membership_id=contract,
            )
        )
        for _ in range(count)
    ]
    ordered = MembershipSet()
    invoice = ordered.save_invoice(memberships)
    for membership in memberships:
        membership.membership_set = ordered
        membership.pend()
        membership.save()
        membership.application_complete_dt = timezone.now()
        membership.save()
        membership.save_invoice(status_detail="tendered")
    return {"memberships": [m.pk for m in memberships], "invoice": invoice.pk}


@act
def enter(user, membership_type, company=0, contract=None):
    """A membership entered by staff and approved at once, without an application."""
    membership = MembershipDefault(
        user_id=user,
        membership_type_id=membership_type,
        status_detail="pending",
        corp_profile_id=company,
        corporate_membership_id=contract,
    )
    saved(membership)
    return approve(membership.pk)


@act
def approve(membership):
    """Approve a membership."""
    approved = MembershipDefault.objects.get(pk=membership)
    approved.approve(request())
    return {"membership": membership, "invoice": approved.get_invoice().pk}


@act
def disapprove(membership):
    """Disapprove a membership."""
    MembershipDefault.objects.get(pk=membership).disapprove(admin())


@act
def renew(membership):
    """Renew a membership; the key of the new one."""
    renewed = MembershipDefault.objects.get(pk=membership).renew(admin())
    return {"membership": renewed.pk, "invoice": renewed.get_invoice().pk}


@act
def expire(membership):
    """Let a membership expire."""
    MembershipDefault.objects.get(pk=membership).expire(admin())


@act
def delete_membership(membership):
    """Delete a membership."""
    MembershipDefault.objects.get(pk=membership).delete()


@act
def move_membership(membership, company, contract=None):
    """Edit the company under which a membership is held."""
    moved = MembershipDefault.objects.get(pk=membership)
    moved.corp_profile_id = company
    moved.corporate_membership_id = contract
    moved.save()


@act
def set_membership_dates(membership, **dates):
    """Edit the dates of a membership."""
    MembershipDefault.objects.filter(pk=membership).update(**dates)


@act
def apply_company(company, corporate_type, user):
    """A company's application, which a person hands in; key of it and of its invoice."""
    membership = CorpMembership(
        corp_profile_id=company,
        corporate_membership_type_id=corporate_type,
        join_dt=timezone.now(),
        expiration_dt=timezone.now() + dt.timedelta(days=365),
        status_detail="pending",
    )
    saved(membership)
    membership.invoice = corp_memb_inv_add(User.objects.get(pk=user), membership)
    membership.save()
    return {"contract": membership.pk, "invoice": membership.invoice.pk}


@act
def approve_company(contract):
    """Approve a company's application."""
    CorpMembership.objects.get(pk=contract).approve_join(request())


@act
def renew_company(contract, user):
    """A person renews a corporate membership; key of the new one and of its invoice."""
    by = request(user=User.objects.get(pk=user))
    renewed = CorpMembership.objects.get(pk=contract).renew(by)
    return {"contract": renewed.pk, "invoice": renewed.invoice.pk}


@act
def approve_company_renewal(contract):
    """Approve the renewal."""
    CorpMembership.objects.get(pk=contract).approve_renewal(request())


# -- events --------------------------------------------------------------------------------------


@act
def book(event, user):
    """A registration, not yet any registrant."""
    return Registration.objects.create(
        event_id=event, amount_paid=0, creator_id=user, owner_id=user
    ).pk


@act
def add_registrant(registration, user=None, amount=450):
    """One more registrant, with an account or without."""
    made = Registration.objects.get(pk=registration)
    someone = User.objects.get(pk=user) if user else User(first_name="A", last_name="Guest")
    registrant = Registrant.objects.create(
        registration=made,
        user_id=user,
        amount=Decimal(amount),
        pricing=RegConfPricing.objects.get(reg_conf=made.event.registration_configuration),
        first_name=someone.first_name,
        last_name=someone.last_name,
        name=someone.get_full_name(),
        email=someone.email or "guest@example.org",
        is_primary=not made.registrant_set.exists(),
    )
    made.amount_paid += registrant.amount
    made.save()
    return registrant.pk


@act
def invoice_registration(registration, status_detail="tendered"):
    """The invoice of a registration, made or made anew."""
    made = Registration.objects.get(pk=registration)
    return made.save_invoice(status_detail=status_detail).pk


@act
def register(event, user, guests=0, amount=450):
    """A registration with its registrants and invoice."""
    registration = book(event, user)
    registrants = [add_registrant(registration, user, amount)]
    registrants += [add_registrant(registration, None, amount) for _ in range(guests)]
    invoice = invoice_registration(registration)
    return {"registration": registration, "registrants": registrants, "invoice": invoice}


@act
def cancel_registrant(registrant):
    """Cancel one place."""
    Registrant.objects.get(pk=registrant).cancel(request(), refund=False)


@act
def cancel_registration(registration):
    """Cancel all places of a registration."""
    Registration.objects.get(pk=registration).cancel(request(), refund=False)


@act
def check_in(registrant):
    """Check a registrant in at the door: saves all columns."""
    present = Registrant.objects.get(pk=registrant)
    present.checked_in = True
    present.checked_in_dt = timezone.now()
    present.save()


# -- money ---------------------------------------------------------------------------------------


@act
def donate(user, amount):
    """A donation and its invoice."""
    donor = User.objects.get(pk=user)
    donation = Donation(
        user=donor,
        first_name=donor.first_name,
        last_name=donor.last_name,
        email=donor.email,
        donation_amount=Decimal(amount),
        payment_method="check",
        creator=donor,
        creator_username=donor.username,
    )
    donation.save(donor)
    invoice = donation_inv_add(donor, donation)
    donation.save(donor)
    return {"donation": donation.pk, "invoice": invoice.pk}


@act
def tender(invoice):
    """Make an estimate an invoice that is due."""
    Invoice.objects.get(pk=invoice).tender(admin())


@act
def pay(invoice):
    """Pay an invoice in full, by cheque."""
    paid = Invoice.objects.get(pk=invoice)
    amount = paid.balance
    payment = Payment()
    payment.payments_pop_by_invoice_user(admin(), paid, paid.guid)
    payment.response_code = payment.response_reason_code = "1"
    payment.amount = amount
    payment.method = "check"
    payment.mark_as_paid()
    payment.save(user=admin())
    assert paid.make_payment(admin(), amount)


@act
def void_payment(invoice):
    """Take back what was paid."""
    paid = Invoice.objects.get(pk=invoice)
    paid.void_payment(admin(), paid.payments_credits)


@act
def void(invoice):
    """Void an invoice."""
    Invoice.objects.get(pk=invoice).void(user=admin())


@act
def refund(invoice, amount):
    """Refund a part of an invoice that was paid by card; nobody asks the payment provider."""
    for category, name, value in (
        ("events", "allow_refunds", "Yes"),
        ("global", "merchantaccount", "Stripe"),
    ):
        Setting.objects.filter(scope_category=category, name=name).update(value=value)
    cache.clear()
    Payment.objects.filter(invoice_id=invoice).update(trans_id="ch_1")
    done = SimpleNamespace(id="re_1", status="succeeded")
    with mock.patch.object(payment_models.stripe.Refund, "create", return_value=done) as asked:
        Invoice.objects.get(pk=invoice).refund(Decimal(amount), admin())
    assert asked.called


@act
def backdate(at, invoice=None, registrants=()):
    """Pretend that something was done earlier."""
    Invoice.objects.filter(pk=invoice).update(tender_date=at, create_dt=at)
    Registrant.objects.filter(pk__in=registrants).update(create_dt=at)


@act
def adjust(invoice, variance):
    """Adjust an invoice, as the page for that does."""
    adjusted = Invoice.objects.get(pk=invoice)
    adjusted.variance = Decimal(variance)
    adjusted.total += adjusted.variance
    adjusted.balance += adjusted.variance
    adjusted.save()


@act
def delete_invoice(invoice):
    """Delete an invoice, which the product refuses in silence."""
    Invoice.objects.get(pk=invoice).delete()


# -- committees ----------------------------------------------------------------------------------


@act
def seat(user, committee, position):
    """Make a user an officer of a committee."""
    return Officer.objects.create(user_id=user, committee_id=committee, position_id=position).pk


@act
def end_seat(officer, last_day):
    """Give a seat its last day."""
    ended = Officer.objects.get(pk=officer)
    ended.expire_dt = dt.date.fromisoformat(last_day)
    ended.save()


@act
def unseat(officer):
    """Delete an officer."""
    Officer.objects.get(pk=officer).delete()


@act
def position(title):
    """A position that officers may have."""
    return Position.objects.create(title=title).pk


@act
def rename_position(position, title):
    """Give a position another title."""
    renamed = Position.objects.get(pk=position)
    renamed.title = title
    renamed.save()


def main():
    """Do what is asked until there is no more."""
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = {"result": ACTS[asked.pop("act")](**asked)}
        except Exception:
            answer = {"error": traceback.format_exc()}
        print(json.dumps(answer), file=_answers)


main()
