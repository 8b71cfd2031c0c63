"""Networks of artificial neurons."""
