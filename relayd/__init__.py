"""The system's own SMTP server: accepts from stored, queues durably, delivers, reports."""
