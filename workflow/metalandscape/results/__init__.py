"""Tables of results, statistics on them, and pages for people."""
