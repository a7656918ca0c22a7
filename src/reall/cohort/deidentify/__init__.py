"""De-identified tables: no dates, no texts, no names; bands instead of ages and times; rare combinations suppressed."""
