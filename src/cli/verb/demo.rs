//! tmp
use crate::cli::args::*;
use crate::cli::output::*;
/// tmp
pub fn demo(_o: &DemoArgs, _p: &Printer) -> Result<Exit, Failure> {
    Ok(Exit::Good)
}
