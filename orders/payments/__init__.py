"""Payment providers: one contract, one folder each, no HTML and no order in any of them."""
