"""What the includes of the design system need: names and colours of states, parts of a price, initials."""

from __future__ import annotations

import re
from typing import Any

from babel import Locale
from django import template
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from core.money import format_money

register = template.Library()

STATE_LABELS: dict[str, Any] = {
    # Order lines
    "PENDING_PAYMENT": _("Awaiting payment"),
    "PAID_ON_HOLD": _("Paid, may be cancelled"),
    "PAID": _("Paid"),
    "ALLOCATED": _("Being packed"),
    "PACKED": _("Packed"),
    "SHIPPED": _("Shipped"),
    "DELIVERED": _("Delivered"),
    "COMPLETED": _("Completed"),
    "SETTLED": _("Settled"),
    "EXPIRED": _("Not paid in time"),
    "CANCELLED": _("Cancelled"),
    "RETURNED": _("Returned"),
    # Payments and refunds
    "STARTED": _("Started"),
    "ACTION_REQUIRED": _("Confirmation needed"),
    "SUCCEEDED": _("Succeeded"),
    "FAILED": _("Failed"),
    "REQUESTED": _("Requested"),
    "SUBMITTED": _("Submitted"),
    # After-sale cases and return parcels
    "APPROVED": _("Approved"),
    "AUTO_APPROVED": _("Approved at once"),
    "REJECTED": _("Rejected"),
    "WITHDRAWN": _("Withdrawn"),
    "ESCALATED": _("Taken to the platform"),
    "AWAITING_RETURN": _("Waiting for the return"),
    "RETURN_IN_TRANSIT": _("Return on its way"),
    "RETURN_RECEIVED": _("Return received"),
    "INSPECTING": _("Being inspected"),
    "ACCEPTED": _("Accepted"),
    "DISPUTED": _("Disputed"),
    "ARBITRATING": _("The platform is deciding"),
    "RULED_BUYER": _("Ruled for the buyer"),
    "RULED_SELLER": _("Ruled for the seller"),
    "REFUNDING": _("Refund on its way"),
    "REFUNDED": _("Refunded"),
    "REFUND_FAILED": _("Refund failed"),
    "CLOSED": _("Closed"),
    "EXPECTED": _("Expected"),
    "IN_TRANSIT": _("On its way"),
    "RECEIVED": _("Received"),
    # Purchase orders and suppliers
    "RELEASED": _("To be shipped"),
    "DRAFT": _("Draft"),
    "DOCS_REVIEW": _("Documents in review"),
    "RETURNED_FOR_FIX": _("Returned for correction"),
    "SAMPLE_REVIEW": _("Sample in review"),
    "DEPOSIT_DUE": _("Deposit due"),
    "PROBATION": _("On probation"),
    "ACTIVE": _("Active"),
    "WATCH": _("Under watch"),
    "SUSPENDED": _("Suspended"),
    "OFFBOARDING": _("Leaving"),
    "BLACKLISTED": _("Blacklisted"),
    # Commission
    "ESTIMATED": _("Estimated"),
    "CONFIRMED": _("Confirmed"),
    "PAYABLE": _("Payable"),
    "VOIDED": _("Voided"),
    "HELD": _("Held"),
    # Rooms, their streams and items
    "SCHEDULED": _("Scheduled"),
    "LIVE": pgettext_lazy("state of a room", "Live"),
    "INTERRUPTED": _("Interrupted"),
    "ENDED": _("Ended"),
    "REPLAY": _("Replay"),
    "ARCHIVED": _("Archived"),
    "TERMINATED": _("Terminated"),
    "GOOD": _("In good standing"),
    "WARNED": _("Warned"),
    "LIMITED": _("Limited"),
    "WAITING": _("Waiting for the camera"),
    "AWAY": _("Away"),
    "LISTED": _("Listed"),
    "PINNED": _("Pinned"),
    "EXPLAINED": _("Shown"),
    "SOLD_OUT": _("Sold out"),
    "PULLED": _("Pulled"),
    # Flash sales and coupon drops
    "RUNNING": _("Running"),
    "ABORTED": _("Aborted"),
    "OPEN": pgettext_lazy("state of a coupon drop", "Open"),
    "TAKEN": _("All taken"),
    # Payment differences
    "GONE": _("Gone by itself"),
    # Appeals
    "UPHELD": pgettext_lazy("state of an appeal", "Sanction stands"),
    "LIFTED": pgettext_lazy("state of an appeal", "Sanction lifted"),
}

_TONES = {
    "good": "SHIPPED DELIVERED COMPLETED SETTLED SUCCEEDED ACCEPTED REFUNDED APPROVED AUTO_APPROVED "
    "RULED_BUYER ACTIVE CONFIRMED PAYABLE",
    "warn": "PENDING_PAYMENT ACTION_REQUIRED REQUESTED AWAITING_RETURN DEPOSIT_DUE PROBATION WATCH "
    "WARNED LIMITED HELD INTERRUPTED AWAY RELEASED RETURNED_FOR_FIX ESCALATED",
    "bad": "FAILED REJECTED DISPUTED REFUND_FAILED SUSPENDED BLACKLISTED TERMINATED SOLD_OUT EXPIRED",
    "info": "PAID PAID_ON_HOLD ALLOCATED PACKED RETURN_IN_TRANSIT RETURN_RECEIVED INSPECTING "
    "ARBITRATING REFUNDING SUBMITTED IN_TRANSIT RECEIVED ESTIMATED SCHEDULED STARTED DOCS_REVIEW "
    "SAMPLE_REVIEW EXPECTED WAITING",
    "accent": "LIVE PINNED RUNNING OPEN",
}
TONES = {state: tone for tone, states in _TONES.items() for state in states.split()}

ROLE_LABELS: dict[str, Any] = {
    "buyer": _("Buyer"),
    "anchor": _("Anchor"),
    "supplier": _("Supplier"),
    "admin": _("Platform"),
    "system": _("By itself"),
    "provider": _("Payment provider"),
    "carrier": _("Carrier"),
    "platform": _("Platform"),
}


@register.filter
def state_label(state: str) -> str:
    """`PAID_ON_HOLD` in the reader's language; an unknown state is spelled out."""
    return str(STATE_LABELS.get(state) or state.replace("_", " ").capitalize())


@register.filter
def state_tone(state: str) -> str:
    """good, warn, bad, info, accent, or nothing: for `data-tone`."""
    return TONES.get(state, "")


@register.filter
def role_label(role: str) -> str:
    return str(ROLE_LABELS.get(role, role))


@register.filter
def money_parts(minor: int | None, currency: str = "CNY") -> dict[str, Any]:
    """`{sign, whole, cents, sign_first}` so that a price can be set like a price."""
    if minor is None:
        return {"sign": "", "whole": "–", "cents": "", "sign_first": True}
    text = format_money(minor, currency, get_language() or "en")
    match = re.fullmatch(r"([^\d]*)([\d.,\u00a0\u202f]*?\d)([.,]\d{1,2})?([^\d]*)", text)
    if match is None:
        return {"sign": "", "whole": text, "cents": "", "sign_first": True}
    before, whole, cents, after = match.groups(default="")
    return {"sign": before or after, "whole": whole, "cents": cents, "sign_first": bool(before)}


@register.filter
def country_name(code: str) -> str:
    """`CN` in the reader's language; an unknown code as it is."""
    locale = Locale.parse(get_language() or "en", sep="-")
    return str(locale.territories.get(code, code))


@register.filter
def address_lines(place: Any) -> list[str]:
    """An address as people write it: from the street to the country, in Chinese the other way round.

    `place` is an object or a dictionary with the fields of `accounts.Address`.
    """
    if not place:
        return []
    names = ("street", "district", "postal_code", "city", "region", "country")
    read = place.get if isinstance(place, dict) else lambda name: getattr(place, name, "")
    street, district, postcode, city, region, country = (str(read(name) or "") for name in names)
    region = "" if region == city else region
    where = country_name(country)
    if (get_language() or "").startswith("zh"):
        lines = [f"{where} {region} {city} {district}", street, postcode]
    else:
        lines = [street, district, f"{postcode} {city}", region, where]
    return [line for line in (" ".join(line.split()) for line in lines) if line]


@register.filter
def hue(number: int | None) -> int:
    """One of the eight colours of avatars, always the same for the same person."""
    return (number or 0) % 8


@register.filter
def initial(name: str) -> str:
    return str(name).strip()[:1]


@register.filter
def startswith(text: str, prefix: str) -> bool:
    return str(text).startswith(prefix)


@register.filter
def lang_tag(code: str) -> str:
    """Django's `zh-hans` as BCP 47's `zh-Hans`."""
    language, _sep, script = str(code).partition("-")
    return f"{language}-{script.title()}" if len(script) == 4 else str(code)
