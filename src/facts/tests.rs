//! Facts of recorded hosts.
