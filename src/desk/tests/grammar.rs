//! The grammar of commands.

#[path = "grammar/block.rs"]
mod block;
#[path = "grammar/desk.rs"]
mod desk;
#[path = "grammar/law.rs"]
mod law;
#[path = "grammar/words.rs"]
mod words;
