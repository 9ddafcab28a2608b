//! Mail in: watchers of mailboxes and maildirs. Reconcilers: woken, they look at what is unsettled and fetch it.

pub mod proof;
