"""The edge: routes, forms, status codes, pages. Decides nothing about claims: `actions` do, and `domain` for them."""
