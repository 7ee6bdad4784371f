"""What `stored` offers on the wire, a file a noun: declarations only, the work is done by the nouns."""
