//! The configuration file: raw shapes, compiled into [`desk::Policy`] and the daemon's settings, with all problems at once.
