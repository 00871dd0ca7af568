"""The foundation: errors, files, random streams, options, and the discovery of parts."""
