"""What everything stands on: errors, files, random streams, options, and the finding of parts."""
