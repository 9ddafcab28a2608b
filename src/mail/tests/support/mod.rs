//! What several tests of the reader need.
#![allow(dead_code, unused_imports, unreachable_pub, reason = "each test uses a part")]

mod bodies;

pub use bodies::*;
