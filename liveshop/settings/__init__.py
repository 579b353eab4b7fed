"""Settings by environment: LIVESHOP_ENV picks `development` (default), `production` or `test`."""
