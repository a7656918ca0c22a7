"""Units, calendar months, errors, provenance. Knows nothing of leukaemia."""
