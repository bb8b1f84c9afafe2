"""What names of tables and columns mean: the words that hosts use, in English."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

#: Last word of a table of people → how likely it is the one whose rows have a score.
CUSTOMERS = {
    "customer": 4, "client": 4, "constituent": 4, "party": 4, "member": 4, "supporter": 4,
    "patron": 4, "person": 4, "individual": 4, "people": 4, "contact": 3, "partner": 3, "donor": 3,
    "subscriber": 3, "student": 3, "learner": 3, "alumnus": 3, "alumni": 3, "parishioner": 3,
    "volunteer": 2, "visitor": 2, "user": 2, "account": 2, "participant": 1, "attendant": 1,
    "attendee": 1, "guest": 1, "profile": 1,
}  # fmt: skip
ORGANISATIONS = {
    "company", "employer", "organization", "organisation", "firm", "institution", "business",
    "corporation", "corp", "corporate",
}  # fmt: skip
#: A column of one of these says who typed, not who bought.
CLERKS = {
    "create",
    "created",
    "creator",
    "write",
    "written",
    "modified",
    "updated",
    "author",
    "owner",
    "assigned",
    "assignee",
    "approver",
    "approved",
    "editor",
    "seller",
    "salesperson",
    "agent",
    "cashier",
    "deleted",
    "rejected",
    "cancelled",
    "canceled",
    "locked",
    "staff",
    "responsible",
    "manager",
    "reviewer",
    "uploaded",
    "entered",
    "uid",
    "issuer",
    "sender",
}
#: Of several columns that name a customer: who receives, and who only pays.
RECEIVERS = {
    "ship", "shipment", "shipping", "recipient", "receiver", "attendee", "holder", "beneficiary",
    "participant", "delivery",
}  # fmt: skip
PAYERS = {"bill", "billing", "invoice", "payer", "pay", "buyer", "guest", "sponsor"}
#: Who earns by a gift.
GIVERS = PAYERS | {"donor", "giver", "purchaser", "sender", "from"}
ORDERS = {
    "order", "sale", "purchase", "booking", "registration", "contract", "receipt", "ticket",
    "reservation", "transaction", "document",
}  # fmt: skip
INVOICES = {"invoice", "bill"}
GIFTS = {"donation", "gift", "pledge", "contribution"}
TERMS = {"membership", "subscription", "enrollment", "enrolment"}
ATTENDANCE = {
    "registrant", "attendance", "participation", "participant", "attendee", "rsvp", "registration",
}  # fmt: skip
DOCUMENTS = ORDERS | INVOICES | GIFTS | TERMS
LINES = {"line", "item", "position", "detail", "row", "entry", "lineitem", "pos", "ticket"}
PRODUCTS = {
    "product", "item", "variant", "article", "sku", "event", "course", "service", "template",
    "plan", "good", "material", "performance", "show", "screening", "exhibition", "concert",
    "workshop", "seminar", "webinar", "lecture", "training",
}  # fmt: skip
GROUPS = {
    "committee", "board", "council", "panel", "team", "chapter", "section", "group", "taskforce",
    "workgroup", "category", "unit",
}  # fmt: skip
CLASSES = {"category", "class", "type", "kind", "family", "group", "department", "collection"}
PAYMENTS = {
    "payment", "refund", "payout", "installment", "instalment", "charge", "transfer", "fee",
    "settlement",
}  # fmt: skip
#: What takes back: a table, or a column that refers to a row of its own table.
REVERSALS = {
    "refer", "refers", "reverse", "reverses", "reversal", "credit", "credited", "refund", "origin",
    "original", "return", "returned", "corrects", "cancellation", "chargeback", "creditnote",
}  # fmt: skip
#: Words of columns that say when, whatever their type.
TIMES = {
    "at", "ts", "time", "timestamp", "date", "on", "when", "since", "until", "from", "to", "till",
    "start", "started", "begin", "began", "end", "ended", "finish", "finished", "expire", "expired",
    "joined", "left", "resigned", "issued", "booked", "placed", "ordered", "sold", "invoiced",
    "posted", "created", "inserted", "added", "updated", "modified", "paid", "due", "received",
    "registered", "enrolled", "attended", "cancelled", "canceled", "deleted", "closed", "renewed",
}  # fmt: skip
#: A table with one of these holds nothing that people did in the end.
ASIDES = {
    "log", "logentry", "history", "session", "token", "cart", "basket", "wishlist", "wish", "cache",
    "queue", "audit", "notification", "message", "mail", "email", "attribute", "option", "discount",
    "tax", "note", "image", "price", "permission", "setting", "draft", "migration",
    "address", "quota", "voucher", "coupon", "move", "stock", "answer", "question", "comment",
    "review", "alert", "search", "view", "visit", "report", "rule", "offer", "exemption", "import",
}  # fmt: skip

COUNTS = {
    "confirmed", "done", "complete", "completed", "paid", "shipped", "processing", "processed",
    "posted", "closed", "delivered", "fulfilled", "active", "accepted", "approved", "success",
    "succeeded", "running", "settled", "invoiced", "attended", "finished", "booked", "sold",
    "captured", "dispatched", "placed", "ordered",
}  # fmt: skip
NOT_COUNTS = {
    "draft", "cancelled", "canceled", "cancel", "void", "voided", "failed", "expired", "rejected",
    "declined", "deleted", "refunded", "abandoned", "test", "error", "denied", "returned",
    "withdrawn", "terminated", "lost",
}  # fmt: skip

#: What hosts of older days write for a word.
_ABBREVIATIONS = {
    "addr": "address", "amt": "amount", "beg": "begin", "canc": "cancel", "cat": "category",
    "ccy": "currency", "cd": "code", "contrib": "contribution", "cur": "currency",
    "curr": "currency", "cust": "customer", "cxl": "cancel", "desc": "description", "dt": "date",
    "dtl": "detail", "eff": "effective", "evt": "event", "exp": "expiration", "flg": "flag",
    "grp": "group", "hdr": "header", "inv": "invoice", "itm": "item", "mast": "master",
    "mbr": "member", "nm": "name", "ord": "order", "org": "organization", "pmt": "payment",
    "prod": "product", "qty": "quantity", "reg": "registration", "stat": "status", "strt": "start",
    "tot": "total", "trans": "transaction", "txn": "transaction", "yn": "flag",
}  # fmt: skip

#: How Salesforce ends the names of fields that are not its own, as far as copies of it keep that.
CUSTOM = "_c"

_WORD = re.compile(r"[A-Z]+(?![^\W\d_A-Z])|[A-Z]?[^\W\d_A-Z]+|\d+")
_IRREGULAR = {
    "people": "people", "series": "series", "statuses": "status", "stats": "statistic",
}  # fmt: skip


def singular(word: str) -> str:
    """Return an English noun in the singular, as far as endings tell."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) < 4 or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word.removesuffix("s")


def words(name: str) -> tuple[str, ...]:
    """Return the words of a name in the singular: ``orderLines`` and ``order_lines`` are one.

    An abbreviation is the word that it stands for: ``ord_dtl`` is ``order_detail``.
    """
    found = (singular(word.lower()) for word in _WORD.findall(name.removesuffix(CUSTOM)))
    return tuple(_ABBREVIATIONS.get(word, word) for word in found)


def has(name: Iterable[str], vocabulary: Collection[str]) -> bool:
    """Tell whether one of the words, or a word's end, is in the vocabulary.

    Some hosts write names in one: ``orderposition`` ends as ``position`` does.
    """
    return any(
        word in vocabulary or any(len(w) > 3 and word.endswith(w) for w in vocabulary)
        for word in name
    )


def is_aside(name: Iterable[str], besides: Collection[str] = ()) -> bool:
    """Tell whether a word, its begin or its end is one of ASIDES, and none of *besides*."""
    asides = ASIDES - set(besides)
    return has(name, asides) or any(
        len(w) > 3 and word.startswith(w) and not has([word], besides)
        for word in name
        for w in asides
    )


def last_of(name: tuple[str, ...], vocabulary: Collection[str]) -> str | None:
    """Return the word of the vocabulary that the name ends with, the longest one."""
    if not name:
        return None
    ends = [w for w in vocabulary if name[-1] == w or (len(w) > 3 and name[-1].endswith(w))]
    return max(ends, key=lambda word: (len(word), word), default=None)
