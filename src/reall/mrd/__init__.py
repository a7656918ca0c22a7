"""The MRD laboratory: raw RQ-PCR, digital PCR, NGS and flow data in, one audited result model out."""
