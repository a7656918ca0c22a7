"""GA4GH Phenopackets v2 (JSON) to a case, and a case to a Phenopacket. What one side cannot say is reported."""
