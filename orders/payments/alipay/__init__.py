"""Alipay: its cashier page, its mobile page or a QR code, with RSA2 signatures both ways."""

from orders.payments.alipay.provider import AlipayProvider

__all__ = ["AlipayProvider"]
