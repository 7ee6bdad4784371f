"""Letters written and sent: drafts, submissions, handing over to the relay, and what comes back."""
