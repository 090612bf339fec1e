"""Rule packs and published cases as shipped data, and their readers. Holds no rule: the domain judges by these figures."""
