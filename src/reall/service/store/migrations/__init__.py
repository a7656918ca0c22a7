"""The steps that build the tables, one module each; they never change once a release holds them."""
