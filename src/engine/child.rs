//! Reading a dangerous mail in a process of its own, which may die without taking the desk along.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use desk::RawHash;
use rustix::process::{Resource, Rlimit, setrlimit};

use crate::engine::read::{Reading, read_here};
use crate::failpoint;

/// Processor time that one mail may take.
const CPU_SECONDS_MAX: u64 = 5;
/// Address space that one mail may take: a mail of 150 MiB with its decoded parts fits.
const ADDRESS_SPACE_BYTES_MAX: u64 = 1024 * 1024 * 1024;
/// Longest answer that is believed.
const ANSWER_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The hidden verb under which this program reads one mail from its standard input.
pub const CHILD_VERB: &str = "read-one-mail";

/// Starts children.
#[derive(Clone, Debug)]
pub struct ChildReader {
    /// This program.
    pub program: PathBuf,
}

/// Why a child gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ChildError {
    /// It could not be started or spoken with.
    #[error("talk to the reading process")]
    Io(#[from] std::io::Error),
    /// It died or was stopped at a limit.
    #[error("the reading process ended with {0}")]
    Died(std::process::ExitStatus),
    /// Its answer makes no sense.
    #[error("understand the reading process")]
    Answer(#[from] serde_json::Error),
}

impl ChildReader {
    /// Children of the program that is running.
    #[must_use]
    pub fn of_this_program() -> Self {
        Self { program: std::env::current_exe().unwrap_or_else(|_| PathBuf::from("frontdesk")) }
    }

    /// Reads one mail.
    ///
    /// # Errors
    /// The child could not be started, died, or took more than its limits.
    pub fn read(&self, raw: &[u8], trusts: &[String]) -> Result<Reading, ChildError> {
        let mut command = Command::new(&self.program);
        command.arg(CHILD_VERB).args(trusts).env_clear().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        // Only a test sets it: what kills the desk has to be able to kill its child.
        command.envs(std::env::var_os(failpoint::VARIABLE).map(|armed| (failpoint::VARIABLE, armed)));
        let mut child = command.spawn()?;
        let mut input = child.stdin.take().expect("stdin is piped");
        let output = child.stdout.take().expect("stdout is piped");
        // The child reads all of its input before it answers, so writing first cannot block both sides.
        let written = input.write_all(raw);
        drop(input);
        let mut answer = Vec::new();
        let taken = output.take(ANSWER_BYTES_MAX).read_to_end(&mut answer);
        let status = child.wait()?;
        if !status.success() {
            return Err(ChildError::Died(status));
        }
        written?;
        taken?;
        Ok(serde_json::from_slice(&answer)?)
    }
}

/// The child's side: limits itself, reads standard input, answers on standard output.
///
/// # Errors
/// Standard input or output is gone.
pub fn serve(trusts: &[String]) -> std::io::Result<()> {
    let limit = |resource, value| setrlimit(resource, Rlimit { current: Some(value), maximum: Some(value) });
    limit(Resource::Cpu, CPU_SECONDS_MAX)?;
    limit(Resource::As, ADDRESS_SPACE_BYTES_MAX)?;
    limit(Resource::Core, 0)?;
    let mut raw = Vec::new();
    std::io::stdin().lock().read_to_end(&mut raw)?;
    let reading = read_here(RawHash::of(&raw), &raw, trusts);
    let answer = serde_json::to_vec(&reading).map_err(std::io::Error::other)?;
    std::io::stdout().lock().write_all(&answer)
}
