"""Those who move money for the desk, each behind `ports.Gateway`, and a sandbox that plays one. Keeps no state of a payout."""
