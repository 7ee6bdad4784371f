"""Mail fetched from maildrops: who is collected when, a visit, what becomes of letters here and there."""
