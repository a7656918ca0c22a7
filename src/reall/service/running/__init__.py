"""Running the service: listening, logging, measuring, saying whether it is well, stopping in order."""
