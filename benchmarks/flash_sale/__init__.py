"""Orders a second on one hot SKU, durable and answered to their buyers, against peers in one run."""
