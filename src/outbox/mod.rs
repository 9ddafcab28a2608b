//! Mail out: a reconciler per account that hands rows to an SMTP server, phase by phase.
