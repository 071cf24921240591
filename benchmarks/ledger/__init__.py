"""How large a ledger gets, and how long reading with it takes."""
