"""What a person or the calendar can do: one function each, inside one transaction, always through the one door."""
