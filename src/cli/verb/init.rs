//! tmp
use crate::cli::args::*;
use crate::cli::output::*;
/// tmp
pub fn init(_o: &InitArgs, _p: &Printer) -> Result<Exit, Failure> {
    Ok(Exit::Good)
}
