"""An anchor's crew: invited, at work, gone."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from core import clock, ratelimit
from core.errors import Conflict, Invalid, NotFound
from rooms.actions.audit import note, touch_house
from rooms.models import CrewMember
from rooms.permissions import ANCHOR

CREW_MOST = 50


def invitations(user: User) -> list[CrewMember]:
    """Open invitations to this person, by account or by an address that is theirs, verified."""
    verified = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    mine = Q(user=user)
    for address in verified:
        mine |= Q(user__isnull=True, email__iexact=address)
    return list(
        CrewMember.objects.open()
        .filter(mine, accepted_at__isnull=True)
        .exclude(anchor=user)
        .select_related("anchor")
    )


@transaction.atomic
def invite(*, anchor: User, who: str, role: str) -> CrewMember:
    """Invite somebody by user name, or by an e-mail address whose verified owner may accept.

    Whether an address has an account is not told. Raises NotFound for an unknown user name,
    Conflict for somebody who is invited or at work already, Invalid, TooMany.
    """
    if role not in CrewMember.Role.values:
        raise Invalid(_("Choose a role: assistant or moderator."), code="bad_role")
    ratelimit.check("crew", anchor.pk, burst=20, per_second=1 / 30)
    if CrewMember.objects.open().filter(anchor=anchor).count() >= CREW_MOST:
        raise Conflict(_("A crew has at most 50 members."), code="crew_full")
    who = who.strip().removeprefix("@")
    user, email = None, ""
    if "@" in who:
        try:
            validate_email(who)
        except ValidationError:
            raise Invalid(_("Enter a user name or an e-mail address."), code="bad_who") from None
        email = who
    else:
        user = User.objects.filter(username__iexact=who, is_active=True).first() if who else None
        if user is None:
            raise NotFound(_("There is nobody with this user name."))
    if user == anchor or email.lower() == anchor.email.lower() != "":
        raise Invalid(_("You are the anchor already."), code="oneself")
    try:
        with transaction.atomic():
            member = CrewMember.objects.create(anchor=anchor, user=user, email=email, role=role)
    except IntegrityError:
        raise Conflict(_("They are invited already."), code="invited") from None
    _note("crew_invited", member, anchor)
    return member


@transaction.atomic
def accept(*, member_id: int, user: User) -> CrewMember:
    """Take part from now on. Raises NotFound for an invitation that is not one's own or over."""
    member = _own_invitation(member_id, user)
    at_work = CrewMember.objects.at_work().filter(anchor=member.anchor, user=user)
    if at_work.exclude(pk=member.pk).exists():
        raise Conflict(_("You are in this crew already."), code="invited")
    try:
        with transaction.atomic():
            CrewMember.objects.filter(pk=member.pk).update(user=user, accepted_at=clock.now())
    except IntegrityError:
        raise Conflict(_("You are in this crew already."), code="invited") from None
    member.refresh_from_db()
    touch_house(member.anchor_id)
    _note("crew_accepted", member, user)
    return member


@transaction.atomic
def decline(*, member_id: int, user: User) -> None:
    """Turn an invitation down. Raises NotFound."""
    member = _own_invitation(member_id, user)
    _end(member)
    _note("crew_declined", member, user)


def _own_invitation(member_id: int, user: User) -> CrewMember:
    if all(member_id != open_one.pk for open_one in invitations(user)):
        raise NotFound(_("This invitation is gone."))
    return CrewMember.objects.select_for_update(of=("self",)).get(pk=member_id)


@transaction.atomic
def leave(*, member_id: int, user: User) -> None:
    """Leave a crew. Raises NotFound for a membership that is not one's own."""
    member = _locked(member_id, user=user)
    _end(member)
    _note("crew_left", member, user)


@transaction.atomic
def remove(*, member_id: int, anchor: User) -> None:
    """End a membership, or take an invitation back. Raises NotFound."""
    member = _locked(member_id, anchor=anchor)
    _end(member)
    _note("crew_removed", member, anchor)


def _locked(member_id: int, **of: User) -> CrewMember:
    member = (
        CrewMember.objects.select_for_update(of=("self",)).open().filter(pk=member_id, **of).first()
    )
    if member is None:
        raise NotFound(_("There is no such member of the crew."))
    return member


def _end(member: CrewMember) -> None:
    CrewMember.objects.filter(pk=member.pk).update(ended_at=clock.now())
    touch_house(member.anchor_id)


def _note(what: str, member: CrewMember, actor: User) -> None:
    note(
        what,
        anchor_id=member.anchor_id,
        role=ANCHOR if actor.pk == member.anchor_id else member.role,
        actor=actor,
        target_id=member.user_id,
        evidence={"role": member.role, **({"email": member.email} if member.email else {})},
    )
