"""Purchases of one hot SKU, committed together: each is answered for itself, after the commit."""
