"""The profile server: users, their accounts, rules and sessions, and the clock."""
