"""Goods in and out as files: our own template, Shopify's export, Google Merchant XML.

It stands with the catalogue, above supply: a feed brings both offers and what a listing is made of
(wording, category, pictures). Prices and stock are written by `supply.actions.bulk` alone.
"""
