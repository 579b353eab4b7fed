"""What must be true of orders, stock and money at any moment, as queries over the rows."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from ledger.actions import unbalanced
from orders.actions.payments import OPEN, fold
from orders.models import PaymentIntent


@dataclass(frozen=True)
class Finding:
    """A rule that a row breaks."""

    rule: str
    what: str


# Each query returns what breaks its rule.
STOCK_RULES = {
    "reserved stock is the sum of the open reservations": """
        SELECT s.offer_id, s.reserved, coalesce(r.promised, 0)
        FROM supply_stock s
        FULL JOIN (
            SELECT offer_id, sum(quantity) AS promised FROM orders_reservation
            WHERE state IN ('held', 'committed') GROUP BY offer_id
        ) r USING (offer_id)
        WHERE coalesce(s.reserved, 0) <> coalesce(r.promised, 0)
          AND NOT EXISTS (
            SELECT 1 FROM core_outboxevent e
            WHERE e.topic = 'supply.purchase_order_shipped' AND e.delivered_at IS NULL
          )
    """,
    "stock is never oversold": """
        SELECT offer_id, on_hand, reserved FROM supply_stock
        WHERE reserved < 0 OR reserved > on_hand
    """,
    "an open reservation has the pieces and the offer of its line": """
        SELECT r.id, r.offer_id, r.quantity, l.offer_id, l.quantity
        FROM orders_reservation r JOIN orders_orderline l ON l.id = r.line_id
        WHERE r.state IN ('held', 'committed')
          AND (r.offer_id <> l.offer_id OR r.quantity <> l.quantity)
    """,
    "a line that is over holds no stock": """
        SELECT l.id, l.state, r.quantity
        FROM orders_orderline l JOIN orders_reservation r ON r.line_id = l.id
        WHERE l.state IN ('EXPIRED', 'CANCELLED') AND r.state IN ('held', 'committed')
    """,
    "a line that waits for payment or is paid has stock behind it": """
        SELECT l.id, l.state, r.state
        FROM orders_orderline l LEFT JOIN orders_reservation r ON r.line_id = l.id
        WHERE l.state IN ('PENDING_PAYMENT', 'PAID_ON_HOLD', 'PAID', 'ALLOCATED')
          AND r.state IS DISTINCT FROM 'held' AND r.state IS DISTINCT FROM 'committed'
    """,
}
RULES = {
    **STOCK_RULES,
    "an order's total is the sum of its lines": """
        SELECT o.number, o.total_minor, sum(l.unit_price_minor * l.quantity - l.discount_minor)
        FROM orders_order o LEFT JOIN orders_orderline l ON l.order_id = o.id
        GROUP BY o.id
        HAVING o.goods_minor IS DISTINCT FROM sum(l.unit_price_minor * l.quantity)
            OR o.discount_minor IS DISTINCT FROM sum(l.discount_minor)
            OR o.total_minor <> o.goods_minor - o.discount_minor + o.shipping_minor
    """,
    "a flash sale's pieces are those of the orders that hold stock": """
        SELECT f.id, f.sold, coalesce(l.pieces, 0), coalesce(b.pieces, 0)
        FROM promotion_flashsale f
        LEFT JOIN (
            SELECT l.flash_id, sum(l.quantity) AS pieces
            FROM orders_orderline l JOIN orders_reservation r ON r.line_id = l.id
            WHERE r.state <> 'released' GROUP BY l.flash_id
        ) l ON l.flash_id = f.id
        LEFT JOIN (
            SELECT sale_id, sum(quantity) AS pieces, max(quantity) AS most
            FROM promotion_flashbuyer GROUP BY sale_id
        ) b ON b.sale_id = f.id
        WHERE f.sold <> coalesce(l.pieces, 0) OR f.sold <> coalesce(b.pieces, 0)
            OR coalesce(b.most, 0) > f.per_buyer OR f.sold > f.quantity
    """,
    "a line of a flash sale has the price of that sale": """
        SELECT o.number, l.id, l.unit_price_minor, p.price_minor
        FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id
        JOIN promotion_flashsale f ON f.id = l.flash_id
        LEFT JOIN promotion_placementterm t
            ON t.placement_id = l.placement_id AND t.listing_variant_id = l.listing_variant_id
        LEFT JOIN promotion_flashprice p ON p.sale_id = f.id AND p.term_id = t.id
        WHERE p.price_minor IS DISTINCT FROM l.unit_price_minor
    """,
    "as many coupons are claimed as the coupon counts": """
        SELECT c.id, c.claimed, c.count, count(k.id)
        FROM promotion_coupon c LEFT JOIN promotion_couponclaim k ON k.coupon_id = c.id
        GROUP BY c.id HAVING c.claimed <> count(k.id) OR c.claimed > c.count
    """,
    "a coupon is spent on the one order that it reduced": """
        SELECT o.number, o.discount_minor, o.coupon_claim_id, k.order_ref
        FROM orders_order o LEFT JOIN promotion_couponclaim k ON k.id = o.coupon_claim_id
        WHERE (o.discount_minor > 0) <> (o.coupon_claim_id IS NOT NULL)
           OR (o.coupon_claim_id IS NOT NULL AND k.order_ref <> o.number AND EXISTS (
                SELECT 1 FROM orders_orderline l
                WHERE l.order_id = o.id AND l.state NOT IN ('EXPIRED', 'CANCELLED')
           ))
    """,
    "a paid line belongs to a payment that succeeded": """
        SELECT o.number, l.id, l.state FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id
        WHERE l.state NOT IN ('PENDING_PAYMENT', 'EXPIRED', 'CANCELLED') AND NOT EXISTS (
            SELECT 1 FROM orders_paymentintent p WHERE p.order_id = o.id AND p.state = 'SUCCEEDED'
        )
    """,
    "clearing holds what was paid and not sent back": """
        SELECT paid.currency, paid.total, books.total
        FROM (
            SELECT currency, sum(minor) AS total FROM (
                SELECT currency, amount_minor AS minor FROM orders_paymentintent
                WHERE state = 'SUCCEEDED'
                UNION ALL
                SELECT currency, -amount_minor FROM orders_refund WHERE state = 'SUCCEEDED'
            ) moved GROUP BY currency
        ) paid
        FULL JOIN (
            SELECT a.currency, sum(p.amount_minor) AS total
            FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
            WHERE a.kind = 'provider_clearing' GROUP BY a.currency
        ) books USING (currency)
        WHERE coalesce(paid.total, 0) <> coalesce(books.total, 0)
    """,
    "no line is refunded beyond what was paid for it": """
        SELECT l.id, l.unit_price_minor * l.quantity - l.discount_minor, sum(r.amount_minor)
        FROM orders_refund r JOIN orders_orderline l ON l.id = r.line_id
        GROUP BY l.id
        HAVING sum(r.amount_minor) > l.unit_price_minor * l.quantity - l.discount_minor
    """,
    "commissions agree with the ledger": """
        SELECT c.anchor_id, c.left_minor, books.owed
        FROM (
            SELECT anchor_id, sum(amount_minor - reversed_minor) AS left_minor
            FROM promotion_commission GROUP BY anchor_id
        ) c
        FULL JOIN (
            SELECT a.owner_ref::bigint AS anchor_id, -sum(p.amount_minor) AS owed
            FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
            WHERE a.owner_kind = 'anchor'
              AND a.kind IN ('commission_estimated', 'commission_payable')
            GROUP BY a.owner_ref
        ) books USING (anchor_id)
        WHERE coalesce(c.left_minor, 0) <> coalesce(books.owed, 0)
    """,
}


def findings() -> list[Finding]:
    """Everything that is wrong now; empty when all is well. Reads only."""
    found = [
        Finding("every ledger entry sums to zero", f"entry {entry}: {total:+} {currency}")
        for entry, currency, total in unbalanced()
    ]
    found += _broken(RULES)
    for intent in PaymentIntent.objects.prefetch_related("events").iterator(chunk_size=500):
        told = fold(intent.events.all())
        # A payment that we called off ourselves has no fact of the provider's behind it.
        if told != intent.state and not (intent.state == "CANCELLED" and told in {*OPEN, "FAILED"}):
            found.append(
                Finding("a payment's state is the fold of its facts", f"{intent.pk}: {told}")
            )
    return found


def stock_findings() -> list[Finding]:
    """What is wrong with stock and reservations now. Reads only, by one query for each rule."""
    return _broken(STOCK_RULES)


def _broken(rules: dict[str, str]) -> list[Finding]:
    found = []
    with connection.cursor() as cursor:
        for rule, query in rules.items():
            cursor.execute(query)
            found += [Finding(rule, ", ".join(map(str, row))) for row in cursor.fetchall()]
    return found
