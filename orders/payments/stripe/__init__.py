"""Stripe: its Checkout page, or a PaymentIntent for a payment method the browser already has."""

from orders.payments.stripe.provider import StripeProvider

__all__ = ["StripeProvider"]
