"""What the product's own code does, act by act, and what it is worth.

The rules are in conftest.py. After every act ``proves`` checks everybody's points.
"""

from __future__ import annotations

import pytest

from hosts.tendenci.host import COMPANY, Association

pytestmark = pytest.mark.hosts


def test_membership_applied_approved_and_renewed_counts_from_approval(
    association: Association,
) -> None:
    acts, keys = association.acts, association.keys
    ann = acts.person(name="Ann")
    association.proves({})
    applied = acts.apply(user=ann, membership_type=keys.membership_type)
    association.proves({})
    acts.approve(membership=applied.memberships[0])
    association.proves({ann: 37})
    acts.pay(invoice=applied.invoice)
    association.proves({ann: 37})
    renewed = acts.renew(membership=applied.memberships[0])
    association.proves({ann: 37 + 35})
    acts.void(invoice=renewed.invoice)
    association.proves({ann: 37})
    acts.expire(membership=renewed.membership)
    association.proves({ann: 37})
    acts.delete_membership(membership=applied.memberships[0])
    association.proves({})
