"""Glass to glass: camera page → server → viewer page, in the product's own pages and processes."""
