//! The one path for every change: load, decide, commit, wake.
//!
//! One thread ([`writer`], its loop is `group`) decides and commits; what it does with one event is [`core`], which `explain` and `test` use on a
//! store that forgets. Reading mail ([`read`]) is pure and runs beside it on as many threads as there are processors.
//! Mail in and mail out see the [`seam`] alone.

mod alike;
mod around;
pub mod budget;
pub mod child;
pub mod chore;
pub mod content;
pub mod core;
mod errand;
mod group;
mod morning;
mod note;
pub mod outgoing;
pub mod proof;
pub mod read;
pub mod report;
pub mod seam;
mod timer;
mod told;
mod usual;
pub mod writer;

pub use core::{Core, Happening, Live};
pub use seam::{After, Claimed, Fetched, Intake, Outgoing, RawMail, Turn};
pub use writer::{Engine, EngineOptions};
