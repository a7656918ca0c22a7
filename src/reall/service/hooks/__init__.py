"""CDS Hooks: a record system asks while a clinician works, and is answered with cards that list and never rank."""
