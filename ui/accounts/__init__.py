"""The accounts dialog: how each account is doing, adding one, signing in again, removing."""
